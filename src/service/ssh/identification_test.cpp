#include "base/bytes.hpp"
#include "service/ssh/identification.hpp"

#include <catch2/catch.hpp>

using namespace skep::service::ssh;
using skep::matches_pattern;
using namespace std::string_literals;
using State = Identification::State;

namespace {

struct Row {
    std::string sent;
    State state;
    std::size_t used;
    std::string_view reply;
};

constexpr std::string_view invalid = "Invalid SSH identification string.\r\n";
constexpr std::string_view differ = "Protocol major versions differ.\r\n";

void check(std::string_view profile, const Row& row) {
    INFO(profile << ": " << row.sent.substr(0, 40));
    const auto found = read_identification(*find_profile(profile), row.sent);
    CHECK(found.state == row.state);
    CHECK(found.used == row.used);
    CHECK(found.reply == row.reply);
}

} // namespace

TEST_CASE("an identification line is read as OpenSSH 9.2 reads it") {
    const auto line = [](std::size_t bytes) { return "SSH-2.0-" + std::string(bytes - 8, 'a'); };
    for (const Row& row : std::vector<Row>{
             {"SSH-2.0-x\r\n", State::accepted, 11, {}},
             {"SSH-2.0-x\nrest", State::accepted, 10, {}},
             {"SSH-2.0-x\r\r\n", State::accepted, 12, {}},
             {"SSH-1.99-x\r\n", State::accepted, 12, {}},
             {"SSH-2.5-x\n", State::accepted, 10, {}},
             {"SSH- 2. 0-x\n", State::accepted, 12, {}},
             {"SSH-+2.0-x\n", State::accepted, 11, {}},
             {"SSH-4294967298.0-x\n", State::accepted, 19, {}},
             {"SSH-2.0-x", State::unfinished, 9, {}},
             {"", State::unfinished, 0, {}},
             {line(8192) + "\n", State::accepted, 8193, {}},
             {line(8193), State::refused, 8193, invalid},
             {"SSH-2.0-\r\n", State::refused, 10, invalid},
             {"SSH-2.0\r\n", State::refused, 9, invalid},
             {"SSH-\r\n", State::refused, 6, invalid},
             {"\r\n", State::refused, 2, invalid},
             {"GET / HTTP/1.0\r\n\r\n", State::refused, 16, invalid},
             {"SSH-2.0-x\ry\n", State::refused, 11, invalid},
             {"SSH-2.0-\0\r\n"s, State::refused, 9, invalid},
             {"SSH-1.5-x\r\nmore", State::refused, 11, differ},
             {"SSH-3.0-x\r\n", State::refused, 11, differ},
             {"SSH-2.0-Probe-1\r\n", State::refused, 17, {}},
             {"SSH-9.9-NmapNSE_1.0\n", State::refused, 20, differ},
         })
        check("openssh-9.2p1", row);
}

TEST_CASE("an identification line is read as OpenSSH 7 reads it") {
    for (const Row& row : std::vector<Row>{
             {"SSH-2.0-x\r\nrest", State::accepted, 11, {}},
             {"SSH-2.0-x\ry\n", State::accepted, 12, {}},
             {"hello\n", State::refused, 6, "Protocol mismatch.\n"},
             {std::string(255, 'x') + "y", State::refused, 255, "Protocol mismatch.\n"},
             {std::string(254, 'x'), State::unfinished, 254, {}},
             {"SSH-1.5-x\n", State::refused, 10, "Protocol major versions differ.\n"},
         })
        check("openssh-7.4p1", row);
}

TEST_CASE("an identification line is read as dropbear reads it") {
    const auto* dropbear = find_profile("dropbear-2022.83");
    CHECK(read_identification(*dropbear, "SSH-2.0-\0junk\r\n"s).line == "SSH-2.0-");
    CHECK(read_identification(*dropbear, "SSH-2.0-x\ry\n").line == "SSH-2.0-xy");
    for (const Row& row : std::vector<Row>{
             {"SSH-2.0-\r\n", State::accepted, 10, {}},
             {"SSH-2.0-" + std::string(300, 'a'), State::accepted, 255, {}},
             {"SSH-1.99-x\n", State::accepted, 11, {}},
             {"SSH-1.5-x\n", State::refused, 10, {}},
             {"hello\n", State::refused, 6, {}},
             {"SSH-2.0", State::unfinished, 7, {}},
         })
        check("dropbear-2022.83", row);
}

TEST_CASE("clients with quirks are known by OpenSSH's patterns") {
    CHECK(quirks_of("SSH-2.0-OpenSSH_6.6").no_libssh_curve);
    CHECK_FALSE(quirks_of("SSH-2.0-OpenSSH_6.6.1p1").no_libssh_curve);
    CHECK(quirks_of("SSH-2.0-PuTTY_Release_0.60").no_group_exchange);
    CHECK_FALSE(quirks_of("SSH-2.0-PuTTY_Release_0.78").no_group_exchange);
    CHECK(quirks_of("SSH-2.0-x SSH_Version_Mapper y").leaves);
    CHECK(quirks_of("SSH-2.0-Sun_SSH_1.0.1").no_rekey);
    CHECK(matches_pattern("*", ""));
    CHECK(matches_pattern("a*bc", "abcbc"));
    CHECK_FALSE(matches_pattern("a*bc", "abcb"));
    CHECK(matches_pattern("a?c", "abc"));
    CHECK_FALSE(matches_pattern("a?c", "ac"));
}
