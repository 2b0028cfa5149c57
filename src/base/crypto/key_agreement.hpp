// Diffie-Hellman in its kinds, and the encapsulation of sntrup761.
#pragma once

#include "base/result.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace skep::crypto {

/// One ephemeral key pair. Secrets are wiped when it ends.
class KeyAgreement {
  public:
    virtual ~KeyAgreement() = default;
    KeyAgreement(const KeyAgreement&) = delete;
    KeyAgreement& operator=(const KeyAgreement&) = delete;

    /// Our public value as the protocol writes it: 32 bytes (X25519), an uncompressed point (NIST
    /// curves), a big-endian number without leading zeros (finite fields).
    virtual std::string_view public_value() const noexcept = 0;
    /// The shared secret in the same form (X25519: the 32 bytes as they are; curves: x; both not
    /// stripped of leading zeros). Fault::malformed for a peer's value that must be refused: wrong
    /// length, not on the curve, an all-zero result (RFC 7748 section 6.1), or, in finite fields,
    /// below 2, above p - 2, or with fewer bits set than make_finite_field() was told.
    virtual Result<std::string> agree(std::string_view peer) = 0;

  protected:
    KeyAgreement() = default;
};

enum class Curve : unsigned char { p256, p384, p521 };

std::unique_ptr<KeyAgreement> make_x25519();
std::unique_ptr<KeyAgreement> make_ecdh(Curve curve);
/// `prime` and `generator` big-endian. The exponent has as many bits as OpenSSH's dh_gen_key gives
/// it for `strength_bits` bits of key (twice that, at most the prime's). `bits_set_min` are asked
/// of a peer's number: 4 by dh_pub_is_valid of OpenSSH 9.2p1, 1 by kexdh_comb_key of dropbear
/// 2022.83.
std::unique_ptr<KeyAgreement> make_finite_field(std::string_view prime,
                                                std::string_view generator,
                                                unsigned strength_bits,
                                                unsigned bits_set_min = 4);

/// The fixed groups of RFC 3526 (14: 2048, 16: 4096, 18: 8192 bits) and 1 of RFC 2409, big-endian;
/// their generator is 2.
std::string_view modp_prime(unsigned group);

struct Encapsulation {
    std::string ciphertext; ///< 1,039 bytes
    std::string secret;     ///< 32 bytes
};

/// Streamlined NTRU Prime sntrup761 (NTRU Prime round 3 submission): a fresh secret for
/// `public_key`. Fault::malformed unless it has 1,158 bytes.
Result<Encapsulation> encapsulate_sntrup761(std::string_view public_key);

} // namespace skep::crypto
