#include "event/journal_line.hpp"

#include <catch2/catch.hpp>

using namespace skep::event;

TEST_CASE("a journal line is valid JSON with its checksum last, and gives its object back") {
    const std::string json = R"({"id":"x","n":1})";
    const auto line = frame_line(json);
    // zlib.crc32(b'{"id":"x","n":1')
    CHECK(line == "{\"id\":\"x\",\"n\":1,\"crc\":\"f4da1d87\"}\n");
    const auto back = unframe_line(std::string_view{line}.substr(0, line.size() - 1));
    REQUIRE(back);
    CHECK(*back == json);
}

TEST_CASE("a journal line with any bit changed is refused") {
    auto line = frame_line(R"({"id":"x","input":"uname -a"})");
    line.pop_back();
    for (std::size_t i = 0; i < line.size(); ++i) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            auto wrong = line;
            wrong[i] = static_cast<char>(static_cast<unsigned char>(wrong[i]) ^ (1U << bit));
            CHECK_FALSE(unframe_line(wrong));
        }
        CHECK_FALSE(unframe_line(std::string_view{line}.substr(0, i)));
        CHECK_FALSE(unframe_line(std::string_view{line}.substr(i + 1)));
    }
    CHECK_FALSE(unframe_line(line + " "));
}
