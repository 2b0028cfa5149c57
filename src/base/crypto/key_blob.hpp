// SSH's public key blobs, taken apart and written anew; for the .cpp files of this folder.
#pragma once

#include "base/crypto/key_agreement.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skep::crypto {

void append_string(std::string& out, std::string_view value);
/// A non-negative mpint (RFC 4251 section 5) of a big-endian magnitude without leading zeros.
void append_mpint(std::string& out, std::string_view magnitude);

/// Reads SSH's types as OpenSSH 9.2's sshbuf does. After the first bad read every further value is
/// zero or empty, and ok() is false.
class BlobReader {
  public:
    explicit BlobReader(std::string_view bytes) : left_{bytes} {}

    std::string_view string();
    /// sshbuf_get_cstring: a NUL may be the last byte only, and is left out.
    std::string_view cstring();
    /// sshbuf_get_bignum2: not negative, at most 16,384 bits. Without leading zeros.
    std::string_view mpint();
    /// `count` bytes as they are: numbers that matter to nobody here.
    std::string_view raw(std::size_t count);

    bool ok() const noexcept { return !broken_; }

    bool done() const noexcept { return !broken_ && left_.empty(); }

    std::size_t left() const noexcept { return left_.size(); }

  private:
    std::string_view left_;
    bool broken_ = false;
};

enum class KeyFamily : unsigned char { rsa, dsa, ecdsa, ed25519, ecdsa_sk, ed25519_sk };

/// A key type's row.
struct KeyType {
    std::string_view name;  ///< In a blob.
    std::string_view plain; ///< Of the key inside, if it is a certificate's; otherwise the same.
    KeyFamily family;
    Curve curve = Curve::p256; ///< Of both kinds of ECDSA.

    bool is_certificate() const noexcept { return name != plain; }
};

/// The content of a blob; views into it.
struct PublicKey {
    const KeyType* type = nullptr;
    std::string_view modulus;     ///< RSA's n, DSA's p.
    std::string_view exponent;    ///< RSA's e.
    std::string_view point;       ///< Of ECDSA and Ed25519.
    std::string_view application; ///< Of security keys.
    std::string plain_blob;       ///< What ssh-keygen would write: without a certificate.
};

/// nullopt for everything that OpenSSH 9.2's sshkey_from_blob refuses; of a certificate, the
/// authority's signature is checked too. One difference: a certificate that a browser's security
/// key signed (webauthn) is refused.
std::optional<PublicKey> parse_public_key(std::string_view blob);

/// As verify_signature; an empty `algorithm` stands for any that fits the key.
bool verify(const PublicKey& key,
            std::string_view algorithm,
            std::string_view signature,
            std::string_view data);

} // namespace skep::crypto
