#include "base/bytes.hpp"
#include "recorder/cast.hpp"

#include <boost/json.hpp>

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::recorder;

namespace {

/// The exact bytes of one kind, as a reader that knows the B lines gets them.
std::string exact(std::string_view lines, char kind) {
    std::string all;
    std::string last;
    bool ours = false;
    while (!lines.empty()) {
        const auto end = lines.find('\n');
        const auto line = boost::json::parse(std::string{lines.substr(0, end)});
        lines.remove_prefix(end + 1);
        const std::string_view text{line.at(2).get_string()};
        const char what = line.at(1).get_string().front();
        if (what == 'B') {
            bool ok = true;
            last = from_base64(text, ok);
            CHECK(ok);
            continue;
        }
        if (ours) all += last;
        ours = what == kind;
        last = text;
    }
    return ours ? all + last : all;
}

} // namespace

TEST_CASE("a recording's header and lines are asciicast v2") {
    CHECK(
        cast_header(80, 24, 1'795'516'200, "xterm-256color") ==
        R"({"version":2,"width":80,"height":24,"timestamp":1795516200,"env":{"TERM":"xterm-256color"}})"
        "\n");
    CHECK(cast_header(0, 4'000'000'000, 0, "\"}\x1b\xff") ==
          "{\"version\":2,\"width\":1,\"height\":1000,\"timestamp\":0,\"env\":{\"TERM\":"
          "\"\\\"}\\u001b\xef\xbf\xbd\"}}\n");
    CastState state;
    CHECK(state.add({0, 1'500'000, 'o', "$ "}) == "[1.500000,\"o\",\"$ \"]\n");
    CHECK(state.add({1, 1'000'000, 'i', "id\r"}) == "[1.500000,\"i\",\"id\\r\"]\n"); // never back
    CHECK(state.add({2, 2'000'001, 'r', "132x43"}) == "[2.000001,\"r\",\"132x43\"]\n");
    CHECK(state.add({3, 2'000'001, 'r', "0x65535"}) == "[2.000001,\"r\",\"1x1000\"]\n");
    CHECK(state.add({4, 2'000'001, 'r', "wide"}) == "[2.000001,\"m\",\"\"]\n");
    CHECK(state.add({5, ~0ULL, '\x1b', "x"}) == "[2592000.000000,\"m\",\"\"]\n");
    CHECK(state.chunks() == 6);
}

TEST_CASE("a character that is split between chunks is shown whole, and no byte is lost") {
    CastState state;
    const std::string euro = "\xe2\x82\xac";
    std::string lines = state.add({0, 0, 'o', "a" + euro.substr(0, 1)});
    CHECK(lines == "[0.000000,\"o\",\"a\"]\n[0.000000,\"B\",\"YeI=\"]\n");
    lines += state.add({1, 0, 'i', "\xff"});
    lines += state.add({2, 0, 'o', euro.substr(1, 1)});
    const auto last = state.add({3, 0, 'o', euro.substr(2) + "b"});
    CHECK(last.starts_with("[0.000000,\"o\",\"" + euro + "b\"]\n"));
    lines += last;
    CHECK(exact(lines, 'o') == "a" + euro + "b");
    CHECK(exact(lines, 'i') == "\xff");
}

TEST_CASE("any bytes in any pieces come back exactly, also when the state is read from the lines") {
    std::string bytes;
    for (unsigned i = 0; i < 3000; ++i)
        bytes += static_cast<char>((i * 2654435761U) >> 23U);
    bytes += "\xf0\x9f\x98\x80\xed\xa0\x80\xc0\xaf\xf4\x90\x80\x80\xe2\x82";
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{64}}) {
        CastState straight;
        CastState again; // a restart between any two chunks
        std::string lines;
        std::uint32_t index = 0;
        for (std::size_t at = 0; at < bytes.size(); at += piece, ++index) {
            const Chunk chunk{index, index, index % 7 == 3 ? 'i' : 'o', bytes.substr(at, piece)};
            CastState resumed = again;
            const auto added = straight.add(chunk);
            REQUIRE(resumed.add(chunk) == added);
            std::string_view left{added};
            while (!left.empty()) {
                REQUIRE(again.read(left.substr(0, left.find('\n'))));
                left.remove_prefix(left.find('\n') + 1);
            }
            REQUIRE(again.chunks() == straight.chunks());
            lines += added;
        }
        std::string output;
        std::string input;
        for (std::size_t at = 0, i = 0; at < bytes.size(); at += piece, ++i)
            (i % 7 == 3 ? input : output) += bytes.substr(at, piece);
        CHECK(exact(lines, 'o') == output);
        CHECK(exact(lines, 'i') == input);
    }
}

TEST_CASE("lines that no recorder wrote are malformed") {
    for (const auto* line :
         {"", "[", "{}", "[1,2,3]", "[1.0,\"o\"]", "[-1,\"o\",\"\"]", "[1e300,\"o\",\"\"]",
          "[1,\"oo\",\"\"]", "[1,\"z\",\"\"]", "[1,\"B\",\"***\"]", "[1,\"o\",\"\",4]"}) {
        CastState state;
        CHECK_FALSE(state.read(line));
        CHECK(state.chunks() == 0);
    }
}
