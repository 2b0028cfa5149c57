#include "base/crypto/key_agreement.hpp"

#include "base/crypto/digest.hpp"
#include "base/crypto/elliptic.hpp"
#include "base/crypto/openssl.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace skep::crypto {

using openssl::bytes_of;
using openssl::must;
using openssl::must_have;

namespace {

/// A generator of keys, set up once a thread.
openssl::KeyContext make_generator(const char* algorithm, const char* group) {
    openssl::KeyContext context{must_have(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr))};
    must(EVP_PKEY_keygen_init(context.get()) == 1);
    if (group != nullptr) must(EVP_PKEY_CTX_set_group_name(context.get(), group) == 1);
    return context;
}

openssl::Key generate(EVP_PKEY_CTX* generator) {
    EVP_PKEY* key = nullptr;
    must(EVP_PKEY_generate(generator, &key) == 1);
    return openssl::Key{key};
}

/// The shared secret, or empty if OpenSSL refuses the peer's value or the result.
std::string derive(EVP_PKEY* own, EVP_PKEY* peer) {
    const openssl::KeyContext context{must_have(EVP_PKEY_CTX_new_from_pkey(nullptr, own, nullptr))};
    must(EVP_PKEY_derive_init(context.get()) == 1);
    std::size_t size = 0;
    if (!openssl::succeeds(EVP_PKEY_derive_set_peer(context.get(), peer)) ||
        !openssl::succeeds(EVP_PKEY_derive(context.get(), nullptr, &size)))
        return {};
    std::string secret(size, '\0');
    if (!openssl::succeeds(EVP_PKEY_derive(context.get(), bytes_of(secret), &size))) return {};
    secret.resize(size);
    return secret;
}

class X25519 final : public KeyAgreement {
  public:
    X25519() {
        static thread_local const auto generator = make_generator("X25519", nullptr);
        key_ = generate(generator.get());
        std::size_t size = public_.size();
        must(EVP_PKEY_get_raw_public_key(key_.get(), bytes_of(public_), &size) == 1);
    }

    std::string_view public_value() const noexcept override {
        return {public_.data(), public_.size()};
    }

    Result<std::string> agree(std::string_view peer) override {
        if (peer.size() != public_.size()) return fail(Fault::malformed, "length of an X25519 key");
        const openssl::Key theirs{must_have(EVP_PKEY_new_raw_public_key_ex(
            nullptr, "X25519", nullptr, bytes_of(peer), peer.size()))};
        // OpenSSL fails here "if the result is all zero" (RFC 7748 section 6.1).
        auto secret = derive(key_.get(), theirs.get());
        if (secret.empty()) return fail(Fault::malformed, "X25519 key of small order");
        return secret;
    }

  private:
    openssl::Key key_;
    std::array<char, 32> public_{};
};

class Ecdh final : public KeyAgreement {
  public:
    explicit Ecdh(Curve curve) : curve_{curve} {
        static thread_local std::array<openssl::KeyContext, 3> generators;
        auto& generator = generators[static_cast<std::size_t>(curve)];
        if (!generator) generator = make_generator("EC", info(curve).openssl_name);
        key_ = generate(generator.get());
        unsigned char* point = nullptr;
        const auto size = EVP_PKEY_get1_encoded_public_key(key_.get(), &point);
        must(size > 0);
        public_.assign(reinterpret_cast<const char*>(point), size);
        OPENSSL_free(point);
    }

    std::string_view public_value() const noexcept override { return public_; }

    Result<std::string> agree(std::string_view peer) override {
        if (!is_acceptable_point(curve_, peer)) return fail(Fault::malformed, "point of a curve");
        auto secret = derive(key_.get(), public_key(curve_, peer).get());
        must(!secret.empty()); // a multiple of a point of prime order
        return secret;
    }

  private:
    Curve curve_;
    openssl::Key key_;
    std::string public_;
};

/// OpenSSH 9.2's dh_gen_key: "double requested need here", of at least 256 bits.
int exponent_bits(unsigned strength_bits, const BIGNUM* prime) {
    constexpr unsigned strength_bits_min = 256;
    const auto most = static_cast<unsigned>(BN_num_bits(prime) - 1);
    return static_cast<int>(std::min(2 * std::max(strength_bits, strength_bits_min), most));
}

unsigned count_bits(std::string_view magnitude) {
    unsigned count = 0;
    for (const char byte : magnitude)
        count += static_cast<unsigned>(std::popcount(static_cast<unsigned char>(byte)));
    return count;
}

class FiniteField final : public KeyAgreement {
  public:
    FiniteField(std::string_view prime,
                std::string_view generator,
                unsigned strength_bits,
                unsigned bits_set_min)
        : bits_set_min_{bits_set_min}, prime_{openssl::number_of(prime)},
          work_{must_have(BN_CTX_secure_new())}, exponent_{must_have(BN_secure_new())} {
        BN_set_flags(exponent_.get(), BN_FLG_CONSTTIME);
        const auto base = openssl::number_of(generator);
        must(BN_priv_rand_ex(exponent_.get(), exponent_bits(strength_bits, prime_.get()),
                             BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY, 0, work_.get()) == 1);
        public_ = power(base.get());
    }

    std::string_view public_value() const noexcept override { return public_; }

    Result<std::string> agree(std::string_view peer) override {
        peer.remove_prefix(std::min(peer.find_first_not_of('\0'), peer.size()));
        if (!is_valid(peer)) return fail(Fault::malformed, "public value of a finite field");
        return power(openssl::number_of(peer).get());
    }

  private:
    std::string power(const BIGNUM* base) const {
        const openssl::Number result{must_have(BN_secure_new())};
        must(BN_mod_exp_mont_consttime(result.get(), base, exponent_.get(), prime_.get(),
                                       work_.get(), nullptr) == 1);
        return openssl::magnitude_of(result.get());
    }

    /// From 2 to p - 2, and enough bits set. `peer` has no leading zeros.
    bool is_valid(std::string_view peer) const {
        if (peer.size() > static_cast<std::size_t>(BN_num_bytes(prime_.get()))) return false;
        if (peer.empty() || peer == "\1" || count_bits(peer) < bits_set_min_) return false;
        const openssl::Number bound{must_have(BN_dup(prime_.get()))};
        must(BN_sub_word(bound.get(), 1) == 1);
        return BN_cmp(openssl::number_of(peer).get(), bound.get()) < 0;
    }

    unsigned bits_set_min_;
    openssl::Number prime_;
    openssl::NumberContext work_;
    openssl::Number exponent_;
    std::string public_;
};

std::string prime_bytes(BIGNUM* (*make)(BIGNUM*)) {
    return openssl::magnitude_of(openssl::Number{must_have(make(nullptr))}.get());
}

} // namespace

std::unique_ptr<KeyAgreement> make_x25519() {
    return std::make_unique<X25519>();
}

std::unique_ptr<KeyAgreement> make_ecdh(Curve curve) {
    return std::make_unique<Ecdh>(curve);
}

std::unique_ptr<KeyAgreement> make_finite_field(std::string_view prime,
                                                std::string_view generator,
                                                unsigned strength_bits,
                                                unsigned bits_set_min) {
    return std::make_unique<FiniteField>(prime, generator, strength_bits, bits_set_min);
}

std::string_view modp_prime(unsigned group) {
    static const std::string group1 = prime_bytes(BN_get_rfc2409_prime_1024);
    static const std::string group14 = prime_bytes(BN_get_rfc3526_prime_2048);
    static const std::string group16 = prime_bytes(BN_get_rfc3526_prime_4096);
    static const std::string group18 = prime_bytes(BN_get_rfc3526_prime_8192);
    switch (group) {
    case 1: return group1;
    case 14: return group14;
    case 16: return group16;
    case 18: return group18;
    default: return {};
    }
}

} // namespace skep::crypto
