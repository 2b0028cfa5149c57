#include "base/bytes.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <set>

using namespace skep;

namespace {

struct Row {
    std::string_view bytes;
    std::size_t length;
};

} // namespace

TEST_CASE("UTF-8 characters are those of RFC 3629, to the edges of each range") {
    constexpr std::array rows{
        Row{"", 0},
        Row{"a", 1},
        Row{std::string_view{"\0", 1}, 1},
        Row{"\x7f", 1},
        Row{"\x80", 0},
        Row{"\xc1\xbf", 0}, // overlong
        Row{"\xc2\x80", 2},
        Row{"\xdf\xbf", 2},
        Row{"\xc2", 0},
        Row{"\xc2"
            "a",
            0},
        Row{"\xe0\x9f\xbf", 0}, // overlong
        Row{"\xe0\xa0\x80", 3},
        Row{"\xed\x9f\xbf", 3},
        Row{"\xed\xa0\x80", 0}, // surrogate
        Row{"\xee\x80\x80", 3},
        Row{"\xef\xbf\xbf", 3},
        Row{"\xe1\x80", 0},
        Row{"\xf0\x8f\xbf\xbf", 0}, // overlong
        Row{"\xf0\x90\x80\x80", 4},
        Row{"\xf4\x8f\xbf\xbf", 4},
        Row{"\xf4\x90\x80\x80", 0}, // above U+10FFFF
        Row{"\xf5\x80\x80\x80", 0},
        Row{"\xff", 0},
    };
    for (const auto& [bytes, length] : rows) {
        CHECK(utf8_length(bytes) == length);
        CHECK(is_utf8(bytes) == (length != 0 || bytes.empty()));
    }
}

TEST_CASE("every cut character is unfinished, and nothing else is") {
    for (const std::string_view whole :
         {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xef\xbf\xbd",
          "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xf1\x80\x80\x80"}) {
        CHECK(utf8_unfinished("ab" + std::string{whole}) == 0);
        for (std::size_t cut = 1; cut < whole.size(); ++cut)
            CHECK(utf8_unfinished("ab" + std::string{whole.substr(0, cut)}) == cut);
    }
    for (const std::string_view never :
         {"", "a", "\x80", "\x80\x80\x80\x80", "\xc0", "\xc1", "\xe0\x80", "\xed\xa0", "\xf0\x80",
          "\xf4\x90", "\xf5", "\xff",
          "\xc2"
          "a"})
        CHECK(utf8_unfinished(never) == 0);
}

TEST_CASE("wrong bytes become one U+FFFD each") {
    CHECK(to_utf8("a\xff\xfe"
                  "b\xe2\x82") == "a\xef\xbf\xbd\xef\xbf\xbd"
                                  "b\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(to_utf8("\xe2\x82\xac") == "\xe2\x82\xac");
}

TEST_CASE("a prefix never cuts a character and never exceeds the limit") {
    const std::string text = "a\xe2\x82\xac\xf0\x9f\x98\x80";
    constexpr std::array<std::size_t, 9> expected{0, 1, 1, 1, 4, 4, 4, 4, 8};
    for (std::size_t limit = 0; limit < expected.size(); ++limit)
        CHECK(utf8_prefix(text, limit).size() == expected[limit]);
    CHECK(utf8_prefix(text, 100) == text);
    CHECK(utf8_prefix("\x80\x80\x80\x80\x80\x80", 5).size() <= 5); // no character at all
}

TEST_CASE("escape_line tells every byte string from every other") {
    CHECK(escape_line("a b\\\n\r\t\x1b\x7f\xff") == R"(a b\\\n\r\t\x1b\x7f\xff)");
    CHECK(escape_line(std::string_view{"\0", 1}) == R"(\x00)");
    std::set<std::string> seen;
    for (int i = 0; i < 256; ++i) {
        const auto escaped = escape_line(std::string(1, static_cast<char>(i)));
        CHECK(seen.insert(escaped).second);
        for (const char c : escaped)
            CHECK((c >= 0x20 && c < 0x7f));
    }
}

TEST_CASE("escape_text keeps letters of all scripts and shows what hides or reorders") {
    CHECK(escape_text("caf\xc3\xa9 \xe4\xbd\xa0\xe5\xa5\xbd") ==
          "caf\xc3\xa9 \xe4\xbd\xa0\xe5\xa5\xbd");
    CHECK(escape_text("\x1b[31m\\") == R"(\x1b[31m\\)");
    CHECK(escape_text("\xe2\x80\xae"
                      "evil") == R"(\u{202e}evil)");
    CHECK(escape_text("\xc2\x9b"
                      "31m") == R"(\u{9b}31m)"); // C1 CSI
    CHECK(escape_text("\xef\xbb\xbf") == R"(\u{feff})");
    CHECK(escape_text("\xff\xe2\x82") == R"(\xff\xe2\x82)");
}

TEST_CASE("base64 is that of RFC 4648 section 10, and only its canonical form is read") {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> rows{
        {{"", ""},
         {"f", "Zg=="},
         {"fo", "Zm8="},
         {"foo", "Zm9v"},
         {"foob", "Zm9vYg=="},
         {"fooba", "Zm9vYmE="},
         {"foobar", "Zm9vYmFy"}}};
    for (const auto& [bytes, text] : rows) {
        CHECK(base64(bytes) == text);
        bool ok = false;
        CHECK(from_base64(text, ok) == bytes);
        CHECK(ok);
    }
    std::string all;
    for (int i = 0; i < 256; ++i)
        all += static_cast<char>(i);
    bool ok = false;
    CHECK(from_base64(base64(all), ok) == all);
    CHECK(hex("\x01\xab\xff") == "01abff");
    for (const std::string_view wrong :
         {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "=Zg=", "Zg==Zg==", "Zm9v\n",
          "Zm9v====", "Zm-_", "====", "Z===", "Zm8=Zm9v"}) {
        INFO(wrong);
        bool right = true;
        CHECK(from_base64(wrong, right).empty());
        CHECK_FALSE(right);
    }
}

TEST_CASE("only ASCII letters have a lower case") {
    CHECK(skep::to_lower("AZaz09-[@\xc4\xff") == "azaz09-[@\xc4\xff");
}
