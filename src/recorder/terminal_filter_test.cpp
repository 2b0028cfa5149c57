#include "recorder/terminal_filter.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <utility>

using namespace skep::recorder;

namespace {

std::string filtered(std::string_view bytes) {
    TerminalFilter filter;
    return filter.filter(bytes);
}

using Row = std::pair<std::string_view, std::string_view>;

} // namespace

TEST_CASE("text, colours and movements pass") {
    for (const std::string_view same :
         {"plain \\ text\r\n", "a\bb\tc", "caf\xc3\xa9 \xe4\xbd\xa0\xe5\xa5\xbd", "\x1b[0m\x1b[m",
          "\x1b[1;31;48;5;208m", "\x1b[38;2;255;0;128m", "\x1b[38:2::255:0:0m", "\x1b[2J\x1b[H",
          "\x1b[10;20H", "\x1b[K\x1b[1K", "\x1b[4A\x1b[3C", "\x1b[?25l\x1b[?25h\x1b[?7l",
          "\x1b[5;20r", "\x1b[4h\x1b[4l", "\x1b[s\x1b[u",
          "\x1b"
          "7\x1b"
          "8\x1bM",
          "\x1b[;5H"})
        if (same != "\x1b[;5H") CHECK(filtered(same) == same);
    CHECK(filtered("\x1b[;5H") == "\x1b[0;5H");
    CHECK(filtered("a\vb\fc") == "a\nb\nc");
}

TEST_CASE("what could reach the watcher's terminal, keyboard, clipboard or files is dropped") {
    constexpr std::array rows{
        Row{"title", "\x1b]0;owned\x07"},
        Row{"title ended by ST", "\x1b]2;owned\x1b\\"},
        Row{"clipboard", "\x1b]52;c;cm0gLXJmIC8=\x07"},
        Row{"link", "\x1b]8;;http://203.0.113.5/\x1b\\"},
        Row{"palette and its question", "\x1b]4;1;?\x07\x1b]10;?\x07"},
        Row{"iTerm2 file", "\x1b]1337;File=name=eA==;inline=0:AAAA\x07"},
        Row{"notification", "\x1b]777;notify;a;b\x07"},
        Row{"DECRQSS", "\x1bP$q\"p\x1b\\"},
        Row{"DECUDK", "\x1bP0;1|17/6c730d\x1b\\"},
        Row{"sixel", "\x1bPq#0;2;0;0;0~~\x1b\\"},
        Row{"tmux passthrough", "\x1bPtmux;\x1b\x1b]0;x\x07\x1b\\"},
        Row{"APC", "\x1b_Gf=24;AAAA\x1b\\"},
        Row{"PM", "\x1b^x\x1b\\"},
        Row{"SOS", "\x1bXx\x1b\\"},
        Row{"screen's title", "\x1bkowned\x1b\\"},
        Row{"answerback", "\x05"},
        Row{"bell", "\x07"},
        Row{"status", "\x1b[5n\x1b[6n\x1b[?6n"},
        Row{"attributes", "\x1b[c\x1b[>c\x1b[=c\x1b[0c\x1bZ"},
        Row{"window", "\x1b[21t\x1b[8;1;1t\x1b[18t"},
        Row{"bracketed paste", "\x1b[?2004h"},
        Row{"mouse", "\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1006h\x1b[1;2;3;4;5T"},
        Row{"focus", "\x1b[?1004h"},
        Row{"application keys", "\x1b[?1h\x1b=\x1b>"},
        Row{"key modifiers", "\x1b[>4;2m\x1b[>1u\x1b[?4m"},
        Row{"printer", "\x1b[5i\x1b[?5i"},
        Row{"lock the keyboard", "\x1b[2h"},
        Row{"LEDs", "\x1b[1q\x1b[3 q"},
        Row{"soft reset and conformance", "\x1b[!p\x1b[61;1\"p"},
        Row{"tab stops", "\x1b[3g\x1bH"},
        Row{"character sets", "\x1b(0\x1b)B\x1b%G\x0e\x0f\x1b*A\x1bn\x1bo\x1b|"},
        Row{"alignment screen", "\x1b#8"},
        Row{"C1 as UTF-8", "\xc2\x9b\xc2\x9d\xc2\x90"},
        Row{"reordered text", "\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8b"},
        Row{"NUL and DEL", std::string_view{"\0\x7f", 2}},
        Row{"unknown", "\x1b[5z\x1b[1;2;3v\x1b[<5m\x1bq"},
        Row{"numbers beyond sense", "\x1b[10000A\x1b[4294967296C\x1b[999999999b\x1b[256m"},
        Row{"too many numbers", "\x1b[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1m"},
        Row{"cancelled", "\x1b[3\x18\x1b]0;x\x1a"},
    };
    for (const auto& [what, bytes] : rows) {
        INFO(what);
        CHECK(filtered("a" + std::string{bytes} + "b") == "ab");
    }
    CHECK(filtered("a\x9b"
                   "5nb") == "a\xef\xbf\xbd"
                             "5nb"); // C1 as a byte is no control in UTF-8
    CHECK(filtered("\x1b[3J") == "\x1b[2J");
    CHECK(filtered("\x1b[?1049h\x1b"
                   "c") == "\x1b[0m\x1b[2J\x1b[H\x1b[0m\x1b[2J\x1b[H");
    CHECK(filtered("\x1b[" + std::string(100'000, '1') + "mx") == "x");
}

TEST_CASE("a string that never ends does not hide the rest of a recording") {
    const auto out = filtered("\x1b]0;" + std::string(10'000, 'x') + "rm -rf /\r\n");
    CHECK(out.ends_with("rm -rf /\r\n"));
    CHECK(out.size() < 7000);
}

TEST_CASE("sequences may be split anywhere") {
    const std::string_view bytes = "a\x1b[1;31mb\x1b]0;t\x1b\\c\xe4\xbd\xa0\x1b[?25l\x1b(0d";
    const auto whole = filtered(bytes);
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        TerminalFilter filter;
        CHECK(filter.filter(bytes.substr(0, cut)) + filter.filter(bytes.substr(cut)) == whole);
    }
}

TEST_CASE("as text only, no sequence passes") {
    TerminalFilter filter{TerminalFilter::Keep::text};
    CHECK(filter.filter("\x1b[1;31mred\x1b[0m\x1b[2J\x1b[?1049h\x1b"
                        "7\x1b"
                        "cend\r\n") == "redend\r\n");
}

TEST_CASE("what was filtered passes the filter unchanged, the reset too") {
    std::string bytes;
    for (unsigned i = 0; i < 20'000; ++i) {
        constexpr std::string_view alphabet =
            "\x1b\x1b\x1b[[[]P0123;;?mHJKhlr\x07\\\xe2\x80\xae\xc2 a\n";
        bytes += alphabet[(i * 2654435761U >> 16U) % alphabet.size()];
    }
    const auto once = filtered(bytes);
    CHECK(filtered(once) == once);
    CHECK(filtered(TerminalFilter::reset()) == TerminalFilter::reset());
}
