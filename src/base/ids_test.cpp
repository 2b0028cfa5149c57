#include "base/ids.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace skep;

namespace {
constexpr Micros sample = 1'795'516'200'123'456;
} // namespace

TEST_CASE("a UUIDv7 has its time, its version and its variant") {
    // RFC 9562 appendix A.6: 2022-02-22T19:22:22.000Z
    const std::string digest{"\x0c\xc3\x18\xc4\xdc\x0c\x0c\x07\x39\x8f", 10};
    CHECK(uuid7_from(1'645'557'742'000'000, digest) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    const auto id = uuid7(sample);
    REQUIRE(id.size() == 36);
    CHECK(id[14] == '7');
    CHECK(std::string_view{"89ab"}.find(id[19]) != std::string_view::npos);
    CHECK(id_time(id) == sample / 1000 * 1000);
}

TEST_CASE("ids sort by time and do not repeat") {
    CHECK(uuid7(sample) < uuid7(sample + 1000));
    CHECK(session_id(sample) < session_id(sample + 1000));
    std::set<std::string> ids;
    for (int i = 0; i < 1000; ++i)
        CHECK(ids.insert(uuid7(sample)).second);
    CHECK(uuid7_from(sample, "0123456789") == uuid7_from(sample, "0123456789"));
    CHECK(uuid7_from(sample, "0123456789") != uuid7_from(sample, "0123456780"));
}

TEST_CASE("a session's name is 20 hexadecimal digits with its time in front") {
    const auto id = session_id(sample);
    CHECK(id.size() == 20);
    CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(id_time(id) == sample / 1000 * 1000);
    CHECK(session_id(-5).starts_with("000000000000"));
}

TEST_CASE("texts that are none of our ids have no time") {
    for (const auto* text :
         {"", "5f0a9b2c1d3e", "zzzzzzzzzzzz00000000", "ffffffffffff00000000",
          "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", "017f22e2x79b0-7cc3-98c4-dc0c0c07398f",
          "-17f22e279b000000000", "0x7f22e279b000000000"})
        CHECK(id_time(text) == -1);
}
