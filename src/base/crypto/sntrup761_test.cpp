#include "base/bytes.hpp"
#include "base/crypto/digest.hpp"
#include "base/crypto/sntrup761_internal.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cstring>

using namespace skep;
using namespace skep::crypto;

namespace {

/// Bytes that look random and can be made anywhere: SHA-512 of the seed and a byte that counts.
std::string expand(std::string_view seed, std::size_t size) {
    std::string bytes;
    for (char i = 0; bytes.size() < size; ++i)
        bytes += digest(Hash::sha512, std::string{seed} + i);
    bytes.resize(size);
    return bytes;
}

struct Row {
    std::string public_key;
    std::string random;
    std::string_view ciphertext_sha256;
    std::string_view secret;
};

constexpr std::size_t random_bytes_needed = sntrup761::degree * sizeof(std::uint32_t);

} // namespace

// What crypto_kem_sntrup761_enc of OpenSSH 9.2 makes of the same bytes as key and randomness. (With
// key pairs of its own, its crypto_kem_sntrup761_dec gave our secret for each of 1,000 random
// encapsulations, and its _enc the same ciphertext.)
TEST_CASE("sntrup761 encapsulates as OpenSSH does", "[crypto]") {
    const auto row = GENERATE(values<Row>({
        {expand("key 1", 1158), expand("random 1", random_bytes_needed),
         "81fa146aa163575ecda969c3125fdda1f083b962ec798f59983254dc0b02c9ac",
         "4c80ee9ae100814ee9a94cab9aef00b1a2ca5b0cba8ab19827f7ed0a6b614c55"},
        {expand("key 2", 1158), expand("random 2", random_bytes_needed),
         "0b5263c9550ae9768709c5c870fc23017ea42c84e385acfb7fe867c35c55f046",
         "39a935c01e53f6a4bc4f692b04408aec6a64792de23bb240c47a3f29b85027da"},
        {std::string(1158, '\0'), expand("random 3", random_bytes_needed),
         "7f57f57b1978b53a847f231b288368fb23f4932ef1619d6a3a6f621128e563e3",
         "87ba1c92594066e545a31d5a15691dd2cc4669d5a5740bb2d7c76489bd3341ad"},
        {std::string(1158, '\xff'), expand("random 4", random_bytes_needed),
         "6a98e60a14893f0b2241939c83211e172e56eb08d994f7540e1179cffb6b0f22",
         "a625559a522969c7fe083cf982412d8d818e0f379d8938474909e33b4ffcd4f9"},
        {expand("key 5", 1158), std::string(random_bytes_needed, '\0'),
         "a36210a281159d4a168132a140f94f9c39e90fea19b6a1cf7f54867b1d2bad62",
         "308e77c97c972eabcbd3499a89a9054dde891549348e74e45d8a4fc5ea42ff78"},
    }));
    std::array<std::uint32_t, sntrup761::degree> random{};
    std::memcpy(random.data(), row.random.data(), sizeof random);
    const auto made = sntrup761::encapsulate(row.public_key, random);
    CHECK(made.ciphertext.size() == sntrup761::ciphertext_bytes);
    CHECK(hex(digest(Hash::sha256, made.ciphertext)) == row.ciphertext_sha256);
    CHECK(hex(made.secret) == row.secret);
    CHECK(std::ranges::all_of(random, [](auto word) { return word == 0; }));
}

TEST_CASE("sntrup761 takes keys of its size only and is fresh each time", "[crypto]") {
    const auto key = expand("key", 1158);
    const auto one = encapsulate_sntrup761(key);
    const auto two = encapsulate_sntrup761(key);
    REQUIRE(one);
    REQUIRE(two);
    CHECK(one->ciphertext != two->ciphertext);
    CHECK(one->secret != two->secret);
    const auto size = GENERATE(0, 1, 1157, 1159, 2316);
    const auto refused = encapsulate_sntrup761(expand("key", static_cast<std::size_t>(size)));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind() == Fault::malformed);
}
