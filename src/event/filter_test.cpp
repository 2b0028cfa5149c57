#include "event/filter.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::event;

namespace {

constexpr Micros ten_thirty = 1'795'516'200'000'000; // 2026-11-24T10:30:00Z

Event sample() {
    Event event{"login.failed", ten_thirty};
    event.text("session", "0123456789abcdef0123");
    event.text("src_ip", "203.0.113.5");
    event.text("password", std::string{"a\0secret b", 10});
    event.set("argv", std::vector<std::string>{"wget", "http://x/"});
    event.number("size", 5);
    return event;
}

bool matches(Filter filter) {
    return filter.matches(sample());
}

} // namespace

TEST_CASE("a filter matches what all of its parts match") {
    CHECK(matches({}));
    CHECK(matches({.eventid = "login.failed", .session = "0123456789abcdef0123"}));
    CHECK(matches({.eventid = "login."}));
    CHECK_FALSE(matches({.eventid = "login"}));
    CHECK_FALSE(matches({.eventid = "session."}));
    CHECK_FALSE(matches({.session = "0123456789abcdef012"}));
    CHECK(matches({.src_ip = "203.0.113.5", .text = "secret"}));
    CHECK(matches({.text = "http:"}));
    CHECK_FALSE(matches({.text = "ftp:"}));
    CHECK(matches({.since = ten_thirty, .until = ten_thirty + 1}));
    CHECK_FALSE(matches({.since = ten_thirty + 1}));
    CHECK_FALSE(matches({.until = ten_thirty}));
}

TEST_CASE("points in time are read as people give them") {
    const auto when = [](std::string_view text) {
        const auto time = parse_when(text, ten_thirty);
        return time ? *time : -1;
    };
    CHECK(when("now") == ten_thirty);
    CHECK(when("-90s") == ten_thirty - 90'000'000);
    CHECK(when("-15m") == ten_thirty - 900'000'000);
    CHECK(when("-24h") == ten_thirty - 86'400'000'000);
    CHECK(when("-7d") == ten_thirty - 7 * 86'400'000'000);
    CHECK(when("1795516200") == ten_thirty);
    CHECK(when("2026-11-24T10:30:00Z") == ten_thirty);
    CHECK(when("2026-11-24") == ten_thirty - 37'800'000'000);
    for (const auto* wrong : {"", "-", "-h", "-1", "-1w", "--1h", "-99999999999999999h", "1e9",
                              "2026-13-01", "yesterday", "-9223372036854775808s"})
        CHECK(when(wrong) == -1);
}

TEST_CASE("a line for people shows attackers' bytes harmlessly and says which is which") {
    auto event = sample();
    event.text("input", "\x1b]0;owned\x07 \xe2\x80\xae\xff\"=");
    event.text("path", std::string(1000, 'x'));
    CHECK(to_line(event, Colour::no) ==
          "2026-11-24T10:30:00.000000Z login.failed     203.0.113.5     0123456789abcdef0123 "
          R"(password="a\x00secret b" argv=[wget http://x/] size=5 )"
          R"(input="\x1b]0;owned\x07 \u{202e}\xff\"=" path=)" +
              std::string(300, 'x') + "...");
    CHECK(to_line(event, Colour::yes).find("\x1b[33mlogin.failed") != std::string::npos);
    CHECK(to_line(Event{"a\nb", 0}, Colour::no).find('\n') == std::string::npos);
}
