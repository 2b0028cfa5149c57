// SSH's public key blobs, taken apart and written anew; for the .cpp files of this folder.
#pragma once

#include "base/crypto/key_agreement.hpp"
#include "base/ssh_wire.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace skep::crypto {

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
    SshWriter plain_blob;         ///< What ssh-keygen would write: without a certificate.
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
