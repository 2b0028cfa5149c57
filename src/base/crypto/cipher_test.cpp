#include "base/bytes.hpp"
#include "base/crypto/cipher.hpp"
#include "base/crypto/hex_test.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <string>

using namespace skep;
using namespace skep::crypto;

namespace {

struct CtrRow {
    std::string_view key;
    std::string_view expected;
};

} // namespace

TEST_CASE("AES-CTR is that of NIST SP 800-38A, however the stream is cut", "[crypto]") {
    // F.5.1, F.5.3, F.5.5
    const auto row = GENERATE(values<CtrRow>({
        {"2b7e151628aed2a6abf7158809cf4f3c",
         "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
         "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"},
        {"8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
         "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94"
         "1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050"},
        {"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
         "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
         "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"},
    }));
    const auto cut = GENERATE(0, 1, 17, 64);
    const auto plain = unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                             "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
    auto bytes = plain;
    const std::span<char> all{bytes};
    AesCtr encrypt{unhex(row.key), unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")};
    encrypt.apply(all.first(static_cast<std::size_t>(cut)));
    encrypt.apply(all.subspan(static_cast<std::size_t>(cut)));
    CHECK(hex(bytes) == row.expected);
    AesCtr decrypt{unhex(row.key), unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")};
    decrypt.apply(all);
    CHECK(bytes == plain);
}

namespace {

struct GcmRow {
    std::string_view key;
    std::string_view expected;
    std::string_view tag;
};

constexpr std::string_view gcm_nonce = "cafebabefacedbaddecaf888";
constexpr std::string_view gcm_clear = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
constexpr std::string_view gcm_plain =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";

} // namespace

TEST_CASE("AES-GCM is that of its specification", "[crypto]") {
    // McGrew and Viega, The Galois/Counter Mode of Operation, test cases 4 and 16.
    const auto row = GENERATE(values<GcmRow>({
        {"feffe9928665731c6d6a8f9467308308",
         "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
         "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
         "5bc94fbc3221a5db94fae95ae7121a47"},
        {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
         "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
         "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
         "76fc6ece0f4e1768cddf8853bb2d551b"},
    }));
    AesGcm seal{unhex(row.key), unhex(gcm_nonce), true};
    auto bytes = unhex(gcm_plain);
    std::array<char, AesGcm::tag_bytes> tag{};
    seal.seal(unhex(gcm_clear), bytes, tag);
    CHECK(hex(bytes) == row.expected);
    CHECK(hex({tag.data(), tag.size()}) == row.tag);

    AesGcm open{unhex(row.key), unhex(gcm_nonce), false};
    CHECK(open.open(unhex(gcm_clear), bytes, tag));
    CHECK(hex(bytes) == gcm_plain);
}

TEST_CASE("the nonce of AES-GCM counts packets, within its last 8 bytes", "[crypto]") {
    const std::string key(32, 'k');
    const auto seal_second = [&](std::string_view first_nonce) {
        AesGcm gcm{key, unhex(first_nonce), true};
        std::string bytes;
        std::array<char, AesGcm::tag_bytes> tag{};
        for (int i = 0; i < 2; ++i) {
            bytes = "packet";
            gcm.seal("", bytes, tag);
        }
        return bytes;
    };
    const auto seal_first = [&](std::string_view nonce) {
        std::string bytes = "packet";
        std::array<char, AesGcm::tag_bytes> tag{};
        AesGcm{key, unhex(nonce), true}.seal("", bytes, tag);
        return bytes;
    };
    CHECK(seal_second("aaaaaaaa0000000000000001") == seal_first("aaaaaaaa0000000000000002"));
    CHECK(seal_second("aaaaaaaa00000000000000ff") == seal_first("aaaaaaaa0000000000000100"));
    CHECK(seal_second("aaaaaaaaffffffffffffffff") == seal_first("aaaaaaaa0000000000000000"));
}

TEST_CASE("AES-GCM refuses what was changed, and counts that packet too", "[crypto]") {
    const std::string key(16, 'k'), nonce(12, 'n');
    AesGcm seal{key, nonce, true}, open{key, nonce, false};
    const auto change = GENERATE(0, 1, 2);
    std::string clear = "size", bytes = "packet";
    std::array<char, AesGcm::tag_bytes> tag{};
    seal.seal(clear, bytes, tag);
    if (change == 0) clear[3] ^= 1;
    if (change == 1) bytes[5] ^= 1;
    if (change == 2) tag[15] ^= 1;
    CHECK_FALSE(open.open(clear, bytes, tag));
    bytes = "another";
    seal.seal("size", bytes, tag);
    CHECK(open.open("size", bytes, tag));
    CHECK(bytes == "another");
}

namespace {

std::string chacha_key() {
    std::string key;
    while (key.size() < 64)
        key += static_cast<char>(key.size());
    return key;
}

std::string chacha_packet() {
    std::string packet("\0\0\0\x18", 4);
    while (packet.size() < 28)
        packet += static_cast<char>(96 + packet.size());
    return packet;
}

} // namespace

// Made with python cryptography's ChaCha20 and Poly1305 put together as OpenSSH's
// PROTOCOL.chacha20poly1305 says; c(k, n, b) is
// Cipher(algorithms.ChaCha20(k, pack('<Q', n) + pack('>Q', 0x01020304)),
// None).encryptor().update(b): e = c(key[32:], 0, packet[:4]) + c(key[:32], 1, packet[4:]) tag =
// Poly1305.generate_tag(c(key[:32], 0, bytes(32)), e)
TEST_CASE("chacha20-poly1305 is that of OpenSSH's description", "[crypto]") {
    ChachaPoly cipher{chacha_key()};
    auto packet = chacha_packet();
    std::array<char, ChachaPoly::tag_bytes> tag{};
    cipher.seal(0x01020304, packet, tag);
    CHECK(hex(packet) == "bc798063f2a77ad5b3784cc2b8004a93d8312807755862a04bc017a5");
    CHECK(hex({tag.data(), tag.size()}) == "5b7532c6b5cd5d2519611f613db0b4bf");

    ChachaPoly other{chacha_key()};
    const auto length = std::span<const char>{packet}.first<4>();
    CHECK(other.length(0x01020304, length) == 24);
    CHECK(other.length(0x01020305, length) != 24);
    CHECK(other.open(0x01020304, packet, tag));
    CHECK(packet.substr(4) == chacha_packet().substr(4));
}

TEST_CASE("chacha20-poly1305 refuses what was changed and leaves it as it was", "[crypto]") {
    ChachaPoly cipher{chacha_key()}, between{std::string(64, 'o')};
    auto packet = chacha_packet();
    std::array<char, ChachaPoly::tag_bytes> tag{};
    cipher.seal(1, packet, tag);
    auto changed = packet;
    changed[GENERATE(0UL, 4UL, 27UL)] ^= 1;
    const auto before = changed;
    CHECK_FALSE(cipher.open(1, changed, tag));
    CHECK(changed == before);
    CHECK_FALSE(cipher.open(2, packet, tag));
    CHECK_FALSE(between.open(1, packet, tag));
    CHECK(cipher.open(1, packet, tag));
}
