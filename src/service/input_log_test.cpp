#include "service/input_log.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace skep;
using namespace std::string_literals;

namespace {

struct Lines final : service::Events {
    std::vector<std::string> lines;

    void record(event::Event event) override {
        REQUIRE(event.eventid() == "command.input");
        lines.emplace_back(event.text_of("input"));
    }

    Micros now() const override { return 0; }
};

std::vector<std::string> lines_of(std::string_view typed, bool flush = true) {
    Lines events;
    service::InputLog log{events};
    for (const char byte : typed)
        log.type({&byte, 1});
    if (flush) log.flush();
    return events.lines;
}

using List = std::vector<std::string>;

} // namespace

TEST_CASE("CR, LF, CR LF and CR NUL each end one line, and empty lines are left out") {
    CHECK(lines_of("a\rb\nc\r\nd\r\0e\n\n\r\r\n"s) == List{"a", "b", "c", "d", "e"});
}

TEST_CASE("backspace, DEL and ^U edit the line") {
    CHECK(lines_of("lz\x7fs\b\bls -l\x15id\n\x7f\x7fx\n") == List{"id", "x"});
}

TEST_CASE("what was typed of a line counts when the peer is gone or interrupts") {
    CHECK(lines_of("wget http", false).empty());
    CHECK(lines_of("wget http") == List{"wget http"});
    CHECK(lines_of("sleep 5\x03ls\n") == List{"sleep 5", "ls"});
}

TEST_CASE("bytes are kept as they are") {
    CHECK(lines_of("echo -ne \xff\x1b[A\0x\n"s) == List{"echo -ne \xff\x1b[A\0x"s});
}

TEST_CASE("a line without end is bounded by the largest event_text_bytes") {
    const auto lines = lines_of(std::string(100'000, 'a') + "\n");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].size() == 32769); // one more than the limit, so that `truncated` is set
}
