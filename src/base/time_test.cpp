#include "base/time.hpp"

#include <catch2/catch.hpp>

using namespace skep;

namespace {

constexpr Micros never = -1;

Micros parsed(std::string_view text) {
    const auto time = parse_iso8601(text);
    return time ? *time : never;
}

} // namespace

TEST_CASE("times are written as Cowrie writes them and read back") {
    CHECK(iso8601(1'795'516'200'123'456) == "2026-11-24T10:30:00.123456Z");
    CHECK(iso8601(0) == "1970-01-01T00:00:00.000000Z");
    CHECK(iso8601(-1) == "1969-12-31T23:59:59.999999Z");
    for (const Micros time : {Micros{0}, Micros{951'782'400'000'001}, Micros{1'795'516'200'123'456},
                              Micros{-62'135'596'800'000'000}, Micros{253'402'300'799'999'999}})
        CHECK(parsed(iso8601(time)) == time);
}

TEST_CASE("the forms of ISO 8601 that logs use are read") {
    constexpr Micros time = 1'795'516'200'000'000;
    CHECK(parsed("2026-11-24T10:30:00Z") == time);
    CHECK(parsed("2026-11-24T10:30:00") == time);
    CHECK(parsed("2026-11-24 10:30:00") == time);
    CHECK(parsed("2026-11-24T10:30:00.5Z") == time + 500'000);
    CHECK(parsed("2026-11-24T10:30:00,123Z") == time + 123'000);
    CHECK(parsed("2026-11-24T10:30:00.123456789Z") == time + 123'456);
    CHECK(parsed("2026-11-24T12:30:00+02:00") == time);
    CHECK(parsed("2026-11-24T12:30:00+0200") == time);
    CHECK(parsed("2026-11-24T05:00:00.000000-05:30") == time);
    CHECK(parsed("2026-11-24T10:29:60Z") == time); // a leap second
    CHECK(parsed("2024-02-29T00:00:00Z") == 1'709'164'800'000'000);
}

TEST_CASE("what is no time is malformed") {
    for (const auto* text : {"",
                             "now",
                             "2026",
                             "2026-11-24",
                             "2026-11-24T10:30",
                             "2026-13-24T10:30:00Z",
                             "2026-02-29T10:30:00Z",
                             "2026-11-24T24:00:00Z",
                             "2026-11-24T10:60:00Z",
                             "2026-11-24T10:30:61Z",
                             "2026-11-24T10:30:00X",
                             "2026-11-24T10:30:00ZZ",
                             "2026-11-24T10:30:00.Z",
                             "2026-11-24T10:30:00.1234567890123Z",
                             "2026-11-24T-1:30:00Z",
                             "2026-11-24T-0:30:00Z",
                             "2026-11-24T10:30:-0Z",
                             "-026-11-24T10:30:00Z",
                             "+026-11-24T10:30:00Z",
                             "2026-11-24T10:30:00+2:00",
                             "2026-11-24T10:30:00+24:00",
                             "2026-11-24T10:30:00+01:60",
                             "2026-11-24T10:30:00+-1:00",
                             "2026-11-24T10:30:00+",
                             "20261124T103000Z",
                             "2026-11-24t10:30:00Z",
                             "2026/11/24T10:30:00Z"}) {
        INFO(text);
        CHECK(parsed(text) == never);
    }
}

TEST_CASE("the system's clock is this century's") {
    CHECK(system_clock().now() > 1'700'000'000'000'000);
}
