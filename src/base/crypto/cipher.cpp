#include "base/crypto/cipher.hpp"

#include "base/crypto/digest.hpp"
#include "base/crypto/openssl.hpp"
#include "base/ssh_wire.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <string>

namespace skep::crypto {

using openssl::bytes_of;
using openssl::must;
using openssl::must_have;

namespace {

/// One mode of AES with each size of key, fetched once a process.
struct AesFamily {
    explicit AesFamily(const std::string& mode) {
        for (std::size_t i = 0; i < ciphers.size(); ++i) {
            const auto name = "AES-" + std::to_string(128 + 64 * i) + mode;
            ciphers[i].reset(must_have(EVP_CIPHER_fetch(nullptr, name.c_str(), nullptr)));
        }
    }

    const EVP_CIPHER* of(std::string_view key) const {
        must(key.size() == 16 || key.size() == 24 || key.size() == 32);
        return ciphers[(key.size() - 16) / 8].get();
    }

    std::array<openssl::Cipher, 3> ciphers;
};

/// The next part of a stream, in place.
void update(EVP_CIPHER_CTX* context, std::span<char> bytes) {
    int written = 0;
    must(EVP_CipherUpdate(context, bytes_of(bytes), &written, bytes_of(bytes),
                          static_cast<int>(bytes.size())) == 1);
}

} // namespace

struct AesCtr::Context {
    openssl::CipherContext handle{must_have(EVP_CIPHER_CTX_new())};
};

AesCtr::AesCtr(std::string_view key, std::string_view iv) : context_{std::make_unique<Context>()} {
    static const AesFamily family{"-CTR"};
    must(iv.size() == 16 && EVP_EncryptInit_ex2(context_->handle.get(), family.of(key),
                                                bytes_of(key), bytes_of(iv), nullptr) == 1);
}

AesCtr::~AesCtr() = default;
AesCtr::AesCtr(AesCtr&&) noexcept = default;
AesCtr& AesCtr::operator=(AesCtr&&) noexcept = default;

void AesCtr::apply(std::span<char> bytes) {
    update(context_->handle.get(), bytes);
}

struct AesGcm::Context {
    /// Starts a packet over `clear`; the nonce of the next one is counted up.
    void start(std::string_view clear) {
        must(EVP_CipherInit_ex2(handle.get(), nullptr, nullptr, nonce.data(), -1, nullptr) == 1);
        // RFC 5647 section 7.1: "the invocation counter is treated as a 64-bit integer and is
        // incremented after each invocation".
        for (std::size_t i = nonce.size(); i > 4 && ++nonce[i - 1] == 0;)
            --i;
        int written = 0;
        must(EVP_CipherUpdate(handle.get(), nullptr, &written, bytes_of(clear),
                              openssl::int_size(clear)) == 1);
    }

    bool finish() {
        std::array<unsigned char, EVP_MAX_BLOCK_LENGTH> rest{};
        int written = 0;
        return openssl::succeeds(EVP_CipherFinal_ex(handle.get(), rest.data(), &written));
    }

    openssl::CipherContext handle{must_have(EVP_CIPHER_CTX_new())};
    std::array<unsigned char, 12> nonce{};
};

AesGcm::AesGcm(std::string_view key, std::string_view nonce, bool encrypts)
    : context_{std::make_unique<Context>()} {
    static const AesFamily family{"-GCM"};
    must(nonce.size() == context_->nonce.size());
    std::ranges::copy(nonce, context_->nonce.begin());
    must(EVP_CipherInit_ex2(context_->handle.get(), family.of(key), bytes_of(key), nullptr,
                            encrypts ? 1 : 0, nullptr) == 1);
}

AesGcm::~AesGcm() = default;
AesGcm::AesGcm(AesGcm&&) noexcept = default;
AesGcm& AesGcm::operator=(AesGcm&&) noexcept = default;

void AesGcm::seal(std::string_view clear, std::span<char> bytes, std::span<char, tag_bytes> tag) {
    context_->start(clear);
    update(context_->handle.get(), bytes);
    must(context_->finish() && EVP_CIPHER_CTX_ctrl(context_->handle.get(), EVP_CTRL_AEAD_GET_TAG,
                                                   tag_bytes, tag.data()) == 1);
}

bool AesGcm::open(std::string_view clear,
                  std::span<char> bytes,
                  std::span<const char, tag_bytes> tag) {
    context_->start(clear);
    std::array<char, tag_bytes> expected{};
    std::ranges::copy(tag, expected.begin());
    update(context_->handle.get(), bytes);
    must(EVP_CIPHER_CTX_ctrl(context_->handle.get(), EVP_CTRL_AEAD_SET_TAG, tag_bytes,
                             expected.data()) == 1);
    return context_->finish();
}

namespace {

constexpr std::size_t chacha_key_bytes = 32;
constexpr std::size_t length_bytes = 4;

/// What one packet needs of OpenSSL. One for all connections of a thread, keyed anew for each
/// packet: that costs 30 ns, and contexts of their own 1.2 KiB for each direction of a connection.
struct ChachaEngine {
    ChachaEngine() {
        const openssl::Cipher method{must_have(EVP_CIPHER_fetch(nullptr, "ChaCha20", nullptr))};
        must(EVP_EncryptInit_ex2(cipher.get(), method.get(), nullptr, nullptr, nullptr) == 1);
    }

    /// Sets the stream to block `counter` of packet `sequence` (PROTOCOL.chacha20poly1305: "the IV
    /// is the packet sequence number, as uint64 in network order").
    void start(const unsigned char* key, unsigned char counter, std::uint32_t sequence) {
        // OpenSSL's IV is the counter, 64 bit little-endian, then the nonce.
        std::array<unsigned char, 16> iv{counter};
        for (std::size_t i = 0; i < sizeof sequence; ++i)
            iv[15 - i] = static_cast<unsigned char>(sequence >> (8 * i));
        must(EVP_EncryptInit_ex2(cipher.get(), nullptr, key, iv.data(), nullptr) == 1);
    }

    /// The tag over `packet`: its key is the start of the payload's block 0.
    void authenticate(const unsigned char* key,
                      std::uint32_t sequence,
                      std::string_view packet,
                      std::span<char, ChachaPoly::tag_bytes> tag) {
        std::array<char, 32> once{};
        start(key, 0, sequence);
        update(cipher.get(), once);
        std::size_t written = 0;
        must(EVP_MAC_init(mac.get(), bytes_of(once), once.size(), nullptr) == 1 &&
             EVP_MAC_update(mac.get(), bytes_of(packet), packet.size()) == 1 &&
             EVP_MAC_final(mac.get(), bytes_of(tag), &written, tag.size()) == 1);
        OPENSSL_cleanse(once.data(), once.size());
    }

    static openssl::MacContext make_mac() {
        const openssl::Mac method{must_have(EVP_MAC_fetch(nullptr, "POLY1305", nullptr))};
        return openssl::MacContext{must_have(EVP_MAC_CTX_new(method.get()))};
    }

    openssl::CipherContext cipher{must_have(EVP_CIPHER_CTX_new())};
    openssl::MacContext mac = make_mac();
};

ChachaEngine& chacha_engine() {
    static thread_local ChachaEngine engine;
    return engine;
}

} // namespace

struct ChachaPoly::Context {
    ~Context() {
        OPENSSL_cleanse(key.data(), key.size());
        // The last key may still be in the engine.
        chacha_engine().start(key.data(), 0, 0);
    }

    const unsigned char* payload() const noexcept { return key.data(); }

    const unsigned char* header() const noexcept { return key.data() + chacha_key_bytes; }

    std::array<unsigned char, 2 * chacha_key_bytes> key{};
};

ChachaPoly::ChachaPoly(std::string_view key) : context_{std::make_unique<Context>()} {
    must(key.size() == context_->key.size());
    std::ranges::copy(key, context_->key.begin());
}

ChachaPoly::~ChachaPoly() = default;
ChachaPoly::ChachaPoly(ChachaPoly&&) noexcept = default;
ChachaPoly& ChachaPoly::operator=(ChachaPoly&&) noexcept = default;

std::uint32_t ChachaPoly::length(std::uint32_t sequence, std::span<const char, 4> bytes) {
    std::array<char, length_bytes> clear{};
    std::ranges::copy(bytes, clear.begin());
    auto& engine = chacha_engine();
    engine.start(context_->header(), 0, sequence);
    update(engine.cipher.get(), clear);
    return SshReader{{clear.data(), clear.size()}}.u32();
}

void ChachaPoly::seal(std::uint32_t sequence,
                      std::span<char> packet,
                      std::span<char, tag_bytes> tag) {
    must(packet.size() >= length_bytes);
    auto& engine = chacha_engine();
    engine.start(context_->header(), 0, sequence);
    update(engine.cipher.get(), packet.first(length_bytes));
    engine.start(context_->payload(), 1, sequence);
    update(engine.cipher.get(), packet.subspan(length_bytes));
    engine.authenticate(context_->payload(), sequence, {packet.data(), packet.size()}, tag);
}

bool ChachaPoly::open(std::uint32_t sequence,
                      std::span<char> packet,
                      std::span<const char, tag_bytes> tag) {
    must(packet.size() >= length_bytes);
    auto& engine = chacha_engine();
    std::array<char, tag_bytes> right{};
    engine.authenticate(context_->payload(), sequence, {packet.data(), packet.size()}, right);
    if (!equal_in_constant_time({right.data(), right.size()}, {tag.data(), tag.size()}))
        return false;
    engine.start(context_->payload(), 1, sequence);
    update(engine.cipher.get(), packet.subspan(length_bytes));
    return true;
}

} // namespace skep::crypto
