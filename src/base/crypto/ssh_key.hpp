// SSH's public key formats (RFC 4253 section 6.6, RFC 5656, RFC 8332, RFC 8709) over OpenSSL's
// keys.
#pragma once

#include "base/result.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace skep::crypto {

enum class KeyKind : unsigned char { ed25519, ecdsa_p256, rsa_3072, rsa_2048 };

/// A private key of a server. Wiped when it ends.
class HostKey {
  public:
    static HostKey generate(KeyKind kind);
    /// Reads what `to_pem` wrote. Fault::refused with the reason.
    static Result<HostKey> from_pem(std::string_view pem);
    ~HostKey();
    HostKey(HostKey&&) noexcept;
    HostKey& operator=(HostKey&&) noexcept;

    /// PKCS 8, unencrypted.
    std::string to_pem() const;
    /// `ssh-ed25519`, `ecdsa-sha2-nistp256` or `ssh-rsa`: the name in the blob.
    std::string_view type() const noexcept;
    /// The public key as SSH writes it.
    const std::string& blob() const noexcept;
    /// A signature blob (algorithm name and signature) over `data`. `algorithm` is `ssh-ed25519`,
    /// `ecdsa-sha2-nistp256`, `rsa-sha2-256`, `rsa-sha2-512` or `ssh-rsa`, fitting the key.
    std::string sign(std::string_view algorithm, std::string_view data) const;

  private:
    struct Content;
    explicit HostKey(std::unique_ptr<Content> content);
    std::unique_ptr<Content> content_;
};

/// Whether `signature` (a blob, whose inner name must be `algorithm`) is the one of `blob`'s owner
/// over `data`. False for everything malformed. Knows RSA (all three hashes), ECDSA on the three
/// NIST curves, Ed25519.
bool verify_signature(std::string_view blob,
                      std::string_view algorithm,
                      std::string_view signature,
                      std::string_view data);

/// `SHA256:` and base64 without padding, of any bytes that are offered as a key.
std::string fingerprint_of(std::string_view blob);

/// What a public key blob says of itself. Fault::malformed unless it is one of a known type, whole,
/// and acceptable to OpenSSH's sshkey_from_blob.
struct PublicKeyInfo {
    std::string type;        ///< As `ssh-rsa`.
    unsigned bits = 0;       ///< As `ssh-keygen -l` prints it.
    std::string fingerprint; ///< `SHA256:` and base64 without padding.
};

Result<PublicKeyInfo> describe_key(std::string_view blob);

} // namespace skep::crypto
