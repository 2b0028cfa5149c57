#include "service/telnet/tty.hpp"

#include <catch2/catch.hpp>

using namespace skep::service::telnet;
using namespace std::string_literals;

namespace {

std::string typed(Tty& tty, std::string_view bytes) {
    tty.type(bytes);
    return tty.take_output();
}

} // namespace

TEST_CASE("a line is echoed and can be read once it ends") {
    Tty tty;
    CHECK(typed(tty, "ro") == "ro");
    CHECK_FALSE(tty.readable());
    CHECK(typed(tty, "ot\r") == "ot\r\n");
    CHECK(tty.read(511) == "root\n");
    CHECK_FALSE(tty.read(511));
}

TEST_CASE("a terminal without echo keeps the line and shows nothing") {
    Tty tty;
    tty.modes.echo = false;
    CHECK(typed(tty, "a\x7f"s + "b\tc\x15secret\n").empty());
    CHECK(tty.read(511) == "secret\n");
}

TEST_CASE("erasing goes back over what was shown") {
    Tty tty;
    CHECK(typed(tty, "a\x01\x7f") == "a^A\b \b\b \b");
    CHECK(typed(tty, "\x7f\x7f") == "\b \b"); // an empty line has nothing to erase
    tty.print("vm login: ");                  // a prompt of 10 columns
    CHECK(tty.take_output() == "vm login: ");
    CHECK(typed(tty, "\t\x7f") == "\t\b\b\b\b\b\b");
    CHECK(typed(tty, "ab cd\x17") == "ab cd\b \b\b \b");
    CHECK(typed(tty, "\x15") == "\b \b\b \b\b \b");
}

TEST_CASE("a tab is expanded for a terminal with XTABS") {
    Tty tty;
    tty.modes.expand_tabs = true;
    CHECK(typed(tty, "abc\td") == "abc     d");
}

TEST_CASE("a signal drops what was typed and what was to be shown") {
    Tty tty;
    CHECK(typed(tty, "ab\x03") == "^C");
    CHECK(tty.take_signals() == Tty::interrupt);
    CHECK(tty.take_signals() == Tty::no_signal);
    CHECK(typed(tty, "c\x1a\x1c") == "^\\");
    CHECK(tty.take_signals() == (Tty::suspend | Tty::quit_signal));
    tty.modes.signals = false;
    CHECK(typed(tty, "\x03") == "^C");
    CHECK(tty.take_signals() == Tty::no_signal);
}

TEST_CASE("^S holds the output until ^Q") {
    Tty tty;
    CHECK(typed(tty, "ab\x13"s + "cd").empty());
    tty.print("x\n");
    CHECK(typed(tty, "\x11") == "abcdx\r\n");
    CHECK(typed(tty, "e\x11"s + "f\x13") == "e");
}

TEST_CASE("^D gives what is there, or the end of file") {
    Tty tty;
    typed(tty, "ab\x04\x04");
    CHECK(tty.read(511) == "ab");
    CHECK(tty.read(511) == "");
    CHECK_FALSE(tty.read(511));
}

TEST_CASE("a line of 4,095 characters is full: the last one is replaced until it ends") {
    Tty tty;
    typed(tty, std::string(Tty::input_bytes_max, 'a'));
    typed(tty, "bc\n");
    const auto line = tty.read(10'000);
    REQUIRE(line);
    CHECK(line->size() == Tty::input_bytes_max + 1);
    CHECK(line->ends_with("ac\n"));
    typed(tty, std::string(100'000, '\n'));
    CHECK(tty.queued() <= 2 * Tty::input_bytes_max + 2);
}

TEST_CASE("a reader takes a long line in pieces") {
    Tty tty;
    typed(tty, "abcdef\n");
    CHECK(tty.read(4) == "abcd");
    CHECK(tty.read(4) == "ef\n");
    tty.modes.canonical = false;
    typed(tty, "xy");
    CHECK(tty.read(1) == "x");
    CHECK(tty.take_input() == "y");
}

TEST_CASE("stripping and raw output") {
    Tty tty;
    tty.modes.strip = true;
    CHECK(typed(tty, "\xe1") == "a");
    tty.modes.process = false;
    tty.print("x\n");
    CHECK(tty.take_output() == "x\n");
}
