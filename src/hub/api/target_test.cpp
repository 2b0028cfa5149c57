#include "hub/api/file_kind.hpp"
#include "hub/api/page.hpp"
#include "hub/api/target.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::hub::api;

TEST_CASE("a target is split and its parameters are decoded") {
    const auto target =
        parse_target("/api/v1/events?q=a%20b+c%00%ff&empty=&flag&q=second&%6e=x").value();
    CHECK(target.path == "/api/v1/events");
    CHECK(target.query.at("q") == std::string{"a b c\0\xff", 7});
    CHECK(target.query.at("empty").empty());
    CHECK(target.query.at("flag").empty());
    CHECK(target.query.at("n") == "x");
    CHECK(parse_target("/").value().query.empty());
    CHECK(parse_target("/?&&&").value().query.empty());
}

TEST_CASE("a wrong target is refused") {
    for (const auto* wrong : {"", "*", "http://x/", "x", "/?a=%", "/?a=%2", "/?a=%zz", "/?%q=1"})
        CHECK_FALSE(parse_target(wrong).has_value());
    std::string many = "/?";
    for (std::size_t i = 0; i < parameters_max; ++i)
        many += "p" + std::to_string(i) + "=1&";
    CHECK(parse_target(many).has_value());
    CHECK_FALSE(parse_target(many + "one=more").has_value());
}

TEST_CASE("times of the API") {
    constexpr Micros now = 1'764'000'000'000'000;
    CHECK(parse_time("now", now).value() == now);
    CHECK(parse_time("-60m", now).value() == now - 3'600'000'000);
    CHECK(parse_time("-24h", now).value() == now - 86'400'000'000);
    CHECK(parse_time("-7d", now).value() == now - 7 * 86'400'000'000);
    CHECK(parse_time("-30s", now).value() == now - 30'000'000);
    CHECK(parse_time("0", now).value() == 0);
    CHECK(parse_time("1764000000", now).value() == now);
    CHECK(parse_time("2025-11-24T16:00:00Z", now).value() == now);
    for (const auto* wrong :
         {"", "-", "-h", "--1h", "-1y", "-1.5h", "1 h", "-99999999999999999999d", "-9999999999999d",
          "123456789012", "tomorrow"})
        CHECK_FALSE(parse_time(wrong, now).has_value());
}

TEST_CASE("a name that was made to point here is no host of ours") {
    const std::vector<std::string> names{"skep.example.org"};
    for (const auto* own :
         {"127.0.0.1", "127.0.0.1:8080", "192.0.2.5:80", "[::1]", "[::1]:8080", "localhost",
          "LocalHost:8080", "skep.example.org:443", "SKEP.example.org"})
        CHECK(is_own_host(own, names));
    for (const auto* other : {"", "evil.example", "127.0.0.1.evil.example",
                              "localhost.evil.example:8080", "skep.example.org.evil.example",
                              "1.2.3", "256.1.1.1", "1.2.3.4.5", "[evil.example]", "a@127.0.0.1"})
        CHECK_FALSE(is_own_host(other, names));
}

TEST_CASE("another page's origin is not ours") {
    CHECK(is_own_origin("", "127.0.0.1:8080"));
    CHECK(is_own_origin("http://127.0.0.1:8080", "127.0.0.1:8080"));
    CHECK(is_own_origin("https://skep.example.org", "skep.example.org"));
    for (const auto* other :
         {"null", "http://127.0.0.1:8081", "http://evil.example", "http://127.0.0.1:8080/x"})
        CHECK_FALSE(is_own_origin(other, "127.0.0.1:8080"));
}

TEST_CASE("one cookie among others") {
    CHECK(cookie("a=1; skep_session=xyz; b=2", "skep_session") == "xyz");
    CHECK(cookie("skep_session=x=y", "skep_session") == "x=y");
    CHECK(cookie("not_skep_session=1", "skep_session").empty());
    CHECK(cookie("", "skep_session").empty());
    CHECK(cookie(";;;= ;", "skep_session").empty());
}

TEST_CASE("names in paths cannot leave their directory") {
    CHECK(is_session_name("0193f8e6a1b2c3d4e5f6"));
    CHECK(is_session_name("a-b_C"));
    for (const auto* wrong : {"", "..", ".", "a/b", "a.cast", "a%2fb", "a b", "\xc3\xa9"})
        CHECK_FALSE(is_session_name(wrong));
    CHECK_FALSE(is_session_name(std::string(65, 'a')));
    CHECK(is_shasum(std::string(64, 'a')));
    CHECK_FALSE(is_shasum(std::string(63, 'a')));
    CHECK_FALSE(is_shasum(std::string(64, 'A')));
    CHECK(artifact_path("/s", std::string(62, 'a') + "..").empty());
    CHECK(artifact_path("/s", std::string(64, 'a')) == "/s/vault/aa/" + std::string(64, 'a'));
}

TEST_CASE("the kind of a file is told by its first bytes") {
    using namespace std::string_literals;
    const auto elf = [](char order, char low, char high) {
        return "\x7f"
               "ELF\x01"s +
               order + std::string(12, '\0') + low + high + std::string(40, '\0');
    };
    CHECK(file_kind(elf(1, 40, 0)) == "elf arm");
    CHECK(file_kind(elf(1, 62, 0)) == "elf x86-64");
    CHECK(file_kind(elf(2, 0, 8)) == "elf mipseb");
    CHECK(file_kind(elf(1, 8, 0)) == "elf mipsel");
    CHECK(file_kind(elf(1, '\x7f', '\x7f')) == "elf");
    CHECK(file_kind("\x7f"
                    "ELF") == "elf");
    CHECK(file_kind("#!/bin/sh\n") == "script");
    CHECK(file_kind("wget http://x\n") == "text");
    CHECK(file_kind("") == "empty");
    CHECK(file_kind("\x1f\x8b\x08") == "gzip");
    CHECK(file_kind("\xff\x00\x01"s) == "data");
    CHECK(file_kind(std::string(63, 'a') + "\xc3\xa9") == "text");
}

TEST_CASE("a page's cursor comes back as it was") {
    const auto cursor = read_cursor(to_text({.time = -5, .name = "a.b"})).value();
    REQUIRE(cursor.has_value());
    CHECK(cursor->time == -5);
    CHECK(cursor->name == "a.b");
    CHECK_FALSE(read_cursor("").value().has_value());
    for (const auto* wrong : {"x", "1", ".a", "1x.a", "99999999999999999999.a"})
        CHECK_FALSE(read_cursor(wrong).has_value());
}
