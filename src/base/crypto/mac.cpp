#include "base/crypto/mac.hpp"

#include "base/crypto/openssl.hpp"

#include <openssl/crypto.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <nettle/umac.h>

namespace skep::crypto {

using openssl::bytes_of;
using openssl::must;
using openssl::must_have;

struct PacketMac::Context {
    explicit Context(std::size_t size) : tag_bytes{size} {}

    virtual ~Context() = default;
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    virtual void compute(std::uint32_t sequence, std::string_view bytes, unsigned char* tag) = 0;

    struct Hmac;
    template <class Functions> struct Umac;

    const std::size_t tag_bytes;
};

namespace {

constexpr std::size_t tag_bytes_max = 64;

template <std::size_t Width> std::array<unsigned char, Width> big_endian(std::uint32_t value) {
    std::array<unsigned char, Width> bytes{};
    for (std::size_t i = 0; i < sizeof value; ++i)
        bytes[Width - 1 - i] = static_cast<unsigned char>(value >> (8 * i));
    return bytes;
}

/// A digest that has read the key's block, xored with `pad` (RFC 2104 section 2).
openssl::DigestContext padded(Hash hash, std::string_view key, char pad) {
    openssl::DigestContext context{must_have(EVP_MD_CTX_new())};
    const auto* const method = openssl::fetched(hash);
    std::string block{key};
    block.resize(static_cast<std::size_t>(EVP_MD_get_block_size(method)));
    for (auto& byte : block)
        byte = static_cast<char>(byte ^ pad);
    must(EVP_DigestInit_ex2(context.get(), method, nullptr) == 1 &&
         EVP_DigestUpdate(context.get(), block.data(), block.size()) == 1);
    wipe(block);
    return context;
}

} // namespace

/// Both halves of the key are hashed once; a packet then costs two copies of 50 ns. 416 bytes for
/// SHA-256 instead of the 1,300 of an EVP_MAC_CTX.
struct PacketMac::Context::Hmac final : Context {
    Hmac(Hash hash, std::string_view key)
        : Context{size_of(hash)}, inner{padded(hash, key, 0x36)}, outer{padded(hash, key, 0x5c)} {}

    void compute(std::uint32_t sequence, std::string_view bytes, unsigned char* tag) override {
        // Afterwards it holds nothing but the tag.
        static thread_local const openssl::DigestContext scratch{must_have(EVP_MD_CTX_new())};
        auto* const work = scratch.get();
        const auto number = big_endian<4>(sequence);
        must(EVP_MD_CTX_copy_ex(work, inner.get()) == 1 &&
             EVP_DigestUpdate(work, number.data(), number.size()) == 1 &&
             EVP_DigestUpdate(work, bytes.data(), bytes.size()) == 1 &&
             EVP_DigestFinal_ex(work, tag, nullptr) == 1 &&
             EVP_MD_CTX_copy_ex(work, outer.get()) == 1 &&
             EVP_DigestUpdate(work, tag, tag_bytes) == 1 &&
             EVP_DigestFinal_ex(work, tag, nullptr) == 1);
    }

    openssl::DigestContext inner;
    openssl::DigestContext outer;
};

namespace {

struct Umac64 {
    using State = umac64_ctx;
    static constexpr std::size_t size = UMAC64_DIGEST_SIZE;
    static constexpr std::size_t kept_bytes = offsetof(umac64_ctx, index);
    static constexpr auto set_key = umac64_set_key;
    static constexpr auto set_nonce = umac64_set_nonce;
    static constexpr auto update = umac64_update;
    static constexpr auto finish = umac64_digest;
};

struct Umac128 {
    using State = umac128_ctx;
    static constexpr std::size_t size = UMAC128_DIGEST_SIZE;
    static constexpr std::size_t kept_bytes = offsetof(umac128_ctx, index);
    static constexpr auto set_key = umac128_set_key;
    static constexpr auto set_nonce = umac128_set_nonce;
    static constexpr auto update = umac128_update;
    static constexpr auto finish = umac128_digest;
};

} // namespace

/// nettle's state ends with a buffer of 1 KiB that is empty between packets; only what comes before
/// it, which the key decides, is kept for each connection.
template <class Functions> struct PacketMac::Context::Umac final : Context {
    explicit Umac(std::string_view key) : Context{Functions::size} {
        must(key.size() == UMAC_KEY_SIZE);
        typename Functions::State state{};
        Functions::set_key(&state, bytes_of(key));
        std::memcpy(kept.data(), &state, kept.size());
        OPENSSL_cleanse(&state, sizeof state);
    }

    ~Umac() override { OPENSSL_cleanse(kept.data(), kept.size()); }

    Umac(const Umac&) = delete;
    Umac& operator=(const Umac&) = delete;

    void compute(std::uint32_t sequence, std::string_view bytes, unsigned char* tag) override {
        typename Functions::State state;
        std::memcpy(&state, kept.data(), kept.size());
        state.index = 0;
        state.count = 0;
        const auto nonce = big_endian<8>(sequence);
        Functions::set_nonce(&state, nonce.size(), nonce.data());
        Functions::update(&state, bytes.size(), bytes_of(bytes));
        Functions::finish(&state, tag_bytes, tag);
        OPENSSL_cleanse(&state, sizeof state);
    }

    alignas(typename Functions::State) std::array<unsigned char, Functions::kept_bytes> kept;
};

PacketMac::PacketMac(std::unique_ptr<Context> context) : context_{std::move(context)} {}

PacketMac::~PacketMac() = default;
PacketMac::PacketMac(PacketMac&&) noexcept = default;
PacketMac& PacketMac::operator=(PacketMac&&) noexcept = default;

PacketMac PacketMac::hmac(Hash hash, std::string_view key) {
    const auto block = static_cast<std::size_t>(EVP_MD_get_block_size(openssl::fetched(hash)));
    if (key.size() <= block) return PacketMac{std::make_unique<Context::Hmac>(hash, key)};
    auto shorter = digest(hash, key);
    PacketMac mac{std::make_unique<Context::Hmac>(hash, shorter)};
    wipe(shorter);
    return mac;
}

PacketMac PacketMac::umac(std::size_t tag_bytes, std::string_view key) {
    must(tag_bytes == Umac64::size || tag_bytes == Umac128::size);
    if (tag_bytes == Umac64::size) return PacketMac{std::make_unique<Context::Umac<Umac64>>(key)};
    return PacketMac{std::make_unique<Context::Umac<Umac128>>(key)};
}

std::size_t PacketMac::size() const noexcept {
    return context_->tag_bytes;
}

void PacketMac::compute(std::uint32_t sequence, std::string_view bytes, char* tag) {
    context_->compute(sequence, bytes, reinterpret_cast<unsigned char*>(tag));
}

bool PacketMac::matches(std::uint32_t sequence, std::string_view bytes, std::string_view tag) {
    std::array<char, tag_bytes_max> right{};
    compute(sequence, bytes, right.data());
    return equal_in_constant_time({right.data(), size()}, tag);
}

} // namespace skep::crypto
