#include "base/bytes.hpp"
#include "base/crypto/hex_test.hpp"
#include "base/crypto/mac.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::crypto;

namespace {

std::string tag_of(PacketMac& mac, std::uint32_t sequence, std::string_view bytes) {
    std::string tag(mac.size(), '\0');
    mac.compute(sequence, bytes, tag.data());
    return tag;
}

/// The MAC of `text`, whose first four bytes go where a packet's sequence number goes.
std::string tag_of_text(PacketMac& mac, std::string_view text) {
    std::uint32_t sequence = 0;
    for (const char byte : text.substr(0, 4))
        sequence = sequence << 8 | static_cast<unsigned char>(byte);
    return hex(tag_of(mac, sequence, text.substr(4)));
}

struct HmacRow {
    Hash hash;
    std::string key;
    std::string text;
    std::string_view expected;
};

} // namespace

TEST_CASE("HMAC is that of RFC 4231 and RFC 2202", "[crypto]") {
    const auto row = GENERATE(values<HmacRow>({
        {Hash::sha256, std::string(20, '\x0b'), "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {Hash::sha512, std::string(20, '\x0b'), "Hi There",
         "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274ea"
         "e"
         "a3f4e4be9d914eeb61f1702e696c203a126854"},
        {Hash::sha384, "Jefe", "what do ya want for nothing?",
         "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecf"
         "a"
         "b21649"},
        {Hash::sha256, "Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {Hash::sha256, std::string(131, '\xaa'),
         "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {Hash::sha512, std::string(131, '\xaa'),
         "Test Using Larger Than Block-Size Key - Hash Key First",
         "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215"
         "d"
         "6a1e5295e64f73f63f0aec8b915a985d786598"},
        {Hash::sha1, std::string(20, '\x0b'), "Hi There",
         "b617318655057264e28bc0b6fb378c8ef146be00"},
        {Hash::md5, "Jefe", "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"},
    }));
    auto mac = PacketMac::hmac(row.hash, row.key);
    CHECK(mac.size() == size_of(row.hash));
    CHECK(tag_of_text(mac, row.text) == row.expected);
    CHECK(tag_of_text(mac, row.text) == row.expected); // a packet leaves nothing for the next
}

namespace {

struct UmacRow {
    std::uint32_t sequence;
    std::string text;
    std::string_view expected64;
    std::string_view expected128;
};

} // namespace

// The RFC's own vectors have a nonce that no sequence number makes, so these are what OpenSSH 9.2's
// umac.c and umac128.c give for the key abcdefghijklmnop (RFC 4418's) and the sequence number as 64
// bits, big-endian.
TEST_CASE("UMAC is OpenSSH's, in any order of sequence numbers", "[crypto]") {
    auto umac64 = PacketMac::umac(8, "abcdefghijklmnop");
    auto umac128 = PacketMac::umac(16, "abcdefghijklmnop");
    CHECK(umac64.size() == 8);
    CHECK(umac128.size() == 16);
    const std::string block(1024, 'a'), blocks(3000, 'a');
    const std::vector<UmacRow> rows{
        {7, "", "942a0e9da39ce46f", "755cebafe9cc8e7b861d180ba7b46bce"},
        {7, "abc", "2ee8e8c638435041", "cf9e0df472133a5589adcc4c93b9ca0e"},
        {0xfffffffe, block, "d1f8d1c6d4b2e8de", "d1f8d1c6d4b2e8de73d206efe2e7b042"},
        {0xfffffffe, blocks, "f912c9368828baf0", "f912c9368828baf0abc54d4c9d9629a9"},
        {8, "", "4b4ff8555695691e", "4b4ff8555695691e918459a18b5c21ef"},
        {8, "abc", "f18d1e0ecd4add30", "f18d1e0ecd4add309e348de6bf51802f"},
        {8, block, "03e588a51014e926", "03e588a51014e9269ad222f90a837e41"},
        {8, blocks, "2b0f90554c8ebb08", "2b0f90554c8ebb0842c5695a75f2e7aa"},
        {7, block, "dc807e6de51d6457", "3df69b5faf4d0e438d4b6353266b3460"},
        {7, blocks, "f46a669db9873679", "151c83aff3d75c6d555c28f0591aad8b"},
    };
    for (const auto& row : rows) {
        INFO(row.sequence << " " << row.text.size());
        CHECK(hex(tag_of(umac64, row.sequence, row.text)) == row.expected64);
        CHECK(hex(tag_of(umac128, row.sequence, row.text)) == row.expected128);
    }
}

TEST_CASE("a tag matches its packet, its number and its length only", "[crypto]") {
    auto made = GENERATE(0, 1);
    auto mac = made == 0 ? PacketMac::hmac(Hash::sha256, std::string(32, 'k'))
                         : PacketMac::umac(8, std::string(16, 'k'));
    auto tag = tag_of(mac, 5, "packet");
    CHECK(mac.matches(5, "packet", tag));
    CHECK_FALSE(mac.matches(6, "packet", tag));
    CHECK_FALSE(mac.matches(5, "packer", tag));
    CHECK_FALSE(mac.matches(5, "packet", std::string_view{tag}.substr(1)));
    CHECK_FALSE(mac.matches(5, "packet", ""));
    tag.back() = static_cast<char>(tag.back() ^ 1);
    CHECK_FALSE(mac.matches(5, "packet", tag));
}
