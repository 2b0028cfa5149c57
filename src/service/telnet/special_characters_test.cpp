#include "service/telnet/special_characters.hpp"

#include <catch2/catch.hpp>

using namespace skep::service::telnet;
using namespace std::string_literals;

namespace {

std::string answer(SpecialCharacters& table, Tty& tty, const std::string& triplets) {
    std::string out;
    table.process(triplets, tty, out);
    return out;
}

constexpr char ec = 10, eof = 8, ayt = 5;

} // namespace

TEST_CASE("a client may change a character of the terminal, and is told so once") {
    SpecialCharacters table;
    Tty tty;
    CHECK(answer(table, tty, {ec, 2, 8}) == std::string{ec, '\x82', 8});
    CHECK(tty.keys[Tty::erase] == 8);
    CHECK(answer(table, tty, {ec, 2, 8}).empty());
    CHECK(answer(table, tty, {ec, '\x82', 9}).empty()); // an acknowledgement is not answered
    CHECK(tty.keys[Tty::erase] == 8);
}

TEST_CASE("a client that asks for the default gets it") {
    SpecialCharacters table;
    Tty tty;
    CHECK(answer(table, tty, {eof, 3, 0}) == std::string{eof, 2, 4});
    CHECK(answer(table, tty, {ayt, 3, 0}) == std::string{ayt, 0, 0}); // the terminal has none
}

TEST_CASE("functions that nobody knows are refused, and what is cut off is left out") {
    SpecialCharacters table;
    Tty tty;
    CHECK(answer(table, tty, {19, 2, 8}) == std::string{19, 0, 0});
    CHECK(answer(table, tty, {ec, 2}).empty());
    CHECK(answer(table, tty, "").empty());
}

TEST_CASE("an answer is bounded however long the list is") {
    SpecialCharacters table;
    Tty tty;
    std::string list;
    for (int i = 0; i < 170; ++i)
        list += {'\x7f', 2, 8};
    CHECK(answer(table, tty, list).size() <= 108);
}

TEST_CASE("0 DEFAULT 0 resets all characters and lists them") {
    SpecialCharacters table;
    Tty tty;
    answer(table, tty, {ec, 2, 8});
    const auto all = answer(table, tty, {0, 3, 0});
    CHECK(tty.keys[Tty::erase] == 0x7f);
    CHECK(all.starts_with("\x03\x62\x03"s));
    std::string listed;
    table.list(listed);
    CHECK(listed == all);
}
