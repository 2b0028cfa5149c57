#include "base/crypto/key_agreement.hpp"
#include "service/ssh/moduli.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace skep;
using namespace skep::service::ssh;

TEST_CASE("a prime is chosen as OpenSSH's choose_dh chooses") {
    const auto bytes = [](std::uint32_t min, std::uint32_t wanted, std::uint32_t max) {
        return choose_group(min, wanted, max).prime.size();
    };
    CHECK(bytes(2048, 4096, 8192) == 512);
    CHECK(bytes(2048, 2048, 8192) == 256);
    CHECK(bytes(2048, 3000, 8192) == 384);
    CHECK(bytes(2048, 8192, 8192) == 1024);
    // none fits: group 16 of RFC 3526
    CHECK(choose_group(5000, 5000, 5500).prime == crypto::modp_prime(16));
    CHECK(choose_group(2049, 2049, 2100).prime == crypto::modp_prime(14));
}

TEST_CASE("the group exchange does not always send the same prime") {
    std::set<std::string> seen;
    for (int i = 0; i < 40; ++i) {
        const auto group = choose_group(2048, 2048, 2048);
        CHECK((group.generator == "\x02" || group.generator == "\x05"));
        seen.insert(group.prime);
    }
    CHECK(seen.size() > 3);
}
