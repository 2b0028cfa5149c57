#include "cell/key_options.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace skep;
using namespace skep::cell;

namespace {

/// The summary, or what sshd complains of.
std::string told(const std::string& line) {
    const auto options = parse_openssh_options(line);
    return options ? summarize(*options) : options.error().detail();
}

std::string many(const std::string& option, int count) {
    std::string text;
    for (int i = 0; i < count; ++i)
        text += (i == 0 ? "" : ",") + option;
    return text;
}

} // namespace

// NOLINTBEGIN(bugprone-unchecked-optional-access): REQUIRE checks

TEST_CASE("options of a key are summarized as sshd does") {
    const std::string all =
        "key options: agent-forwarding port-forwarding pty user-rc x11-forwarding";
    const std::pair<std::string, std::string> rows[] = {
        {"", all},
        {" no-pty", all},
        {"\tno-pty", all},
        {", x", all},
        {",", "unexpected end-of-options"},
        {"no-pty", "key options: agent-forwarding port-forwarding user-rc x11-forwarding"},
        {"No-PTY,no-pty", "key options: agent-forwarding port-forwarding user-rc x11-forwarding"},
        {"no-pty,", "unexpected end-of-options"},
        {"no-pty, ssh-rsa", "key options: agent-forwarding port-forwarding user-rc x11-forwarding"},
        {"restrict", "key options:"},
        {"restrict,pty,X11-forwarding", "key options: pty x11-forwarding"},
        {"pty,restrict", "key options:"},
        {"no-restrict", "unknown key option"},
        {"ptyx", "unknown key option"},
        {"no-no-pty", "unknown key option"},
        {"nonsense", "unknown key option"},
        {"no-pty nonsense", "key options: agent-forwarding port-forwarding user-rc x11-forwarding"},
        {"command=\"a b\",restrict", "key options: command"},
        {"command=\"a\",command=\"b\"", "multiple \"command\" clauses"},
        {"command=a", "missing start quote"},
        {"command", "unknown key option"},
        {"command=\"a", "missing end quote"},
        {"command=\"a\\\"", "missing end quote"},
        {"command=\"a\"b", "unknown key option"},
        {"restrict,expiry-time=\"20300101\"", "key options:expires"},
        {"restrict,expiry-time=\"2030\"", "invalid expires time"},
        {"restrict,no-touch-required,verify-required", "key options: no-touch-required uv"},
        {"restrict,principals=\"a\"", "key options: principals"},
        {"principals=\"a\",principals=\"a\"", "multiple \"principals\" clauses"},
        {"from=\"a\",from=\"a\"", "multiple \"from\" clauses"},
        {"restrict,tunnel=\"3\"", "key options: tun=3"},
        {"restrict,tunnel=\"Any\"", "key options: tun=2147483647"},
        {"tunnel=\"x\"", "invalid tun device"},
        {"restrict,environment=\"A_1=b\",environment=\"A_1=c\"", "key options:"},
        {"environment=\"=b\"", "invalid environment string"},
        {"environment=\"A\"", "invalid environment string"},
        {"environment=\"A-B=c\"", "invalid environment string"},
        {"restrict,permitopen=\"h:80\",permitlisten=\"80\"",
         "key options: permitopen permitlisten"},
        {"permitopen=\"80\"", "invalid permission port"},
        {"permitopen=\"h:0\"", "invalid permission port"},
        {"permitopen=\"h:65536\"", "invalid permission port"},
        {"permitopen=\"::1:80\"", "invalid permission port"},
        {"permitopen=\"[::1:80\"", "invalid permission hostname"},
        {"permitopen=\"[::1]x\"", "invalid permission hostname"},
        {"permitopen=\"" + std::string(1025, 'h') + ":80\"", "invalid permission hostname"},
        {many("permitopen=\"h:1\"", 4098), "too many permission directives"},
        {"command=\"" + std::string(key_command_bytes_max + 1, 'x') + "\"",
         "memory allocation failed"},
    };
    for (const auto& [line, text] : rows) {
        INFO(line.substr(0, 100));
        CHECK(told(line) == text);
    }
    std::string variables;
    for (int i = 0; i < 1026; ++i)
        variables += "environment=\"A" + std::to_string(i) + "=\",";
    CHECK(told(variables + "pty") == "too many environment strings");
}

TEST_CASE("what a key may do is in its options") {
    const auto options = parse_openssh_options(
        "no-agent-forwarding,command=\"say \\\"hi\\\"\",permitopen=\"[::1]:80\",permitopen=\"h/*\","
        "permitlisten=\"8080\",cert-authority,from=\"10.*\" ssh-rsa");
    REQUIRE(options);
    const auto& effect = options->effect;
    CHECK_FALSE(effect.agent_forwarding);
    CHECK(effect.command == "say \"hi\"");
    CHECK(effect.permit_open == std::vector<ForwardPermit>{{"::1", 80}, {"h", 0}});
    CHECK(effect.permit_listen == std::vector<ForwardPermit>{{"*", 8080}});
    CHECK(options->cert_authority);
    CHECK(options->from == "10.*");
}

TEST_CASE("permits beyond a verdict's bounds are forgotten, not the restriction") {
    const auto many_ports = parse_openssh_options(many("permitopen=\"h:1\"", 1000));
    REQUIRE(many_ports);
    CHECK(many_ports->effect.permit_open.size() == key_permits_max);
    const auto long_names =
        parse_openssh_options(many("permitopen=\"" + std::string(1000, 'h') + ":1\"", 100));
    REQUIRE(long_names);
    CHECK(long_names->effect.permit_open.size() == key_permit_bytes_max / 1000);
}

TEST_CASE("times of expiry are read as sshd reads them") {
    CHECK(parse_expiry("20300101") == 1893456000);
    CHECK(parse_expiry("203001010000") == 1893456000);
    CHECK(parse_expiry("20300101000001Z") == 1893456001);
    CHECK(parse_expiry("20300101utc") == 1893456000);
    for (const auto* odd : {"", "Z", "UTC", "2030", "20301301", "2030010a", "20300101Q",
                            "203001012500", "19600101", "2030010100000000"}) {
        INFO(odd);
        CHECK(parse_expiry(odd) == 0);
    }
}

TEST_CASE("dropbear's options of a key") {
    const auto plain = parse_dropbear_options("");
    REQUIRE(plain);
    CHECK(*plain == KeyOptions{});
    const auto some = parse_dropbear_options(
        "no-port-forwarding,NO-pty,no-X11-forwarding,no-agent-forwarding,command=\"a \\\"b\\\"\",");
    REQUIRE(some);
    CHECK_FALSE(some->pty);
    CHECK_FALSE(some->port_forwarding);
    CHECK(some->command == "a \\\"b\\\"");
    const auto open = parse_dropbear_options("restrict,permitopen=\"[::1]:80\",permitopen=\"h:*\"");
    REQUIRE(open);
    CHECK(open->permit_open == std::vector<ForwardPermit>{{"::1", 80}, {"h", 0}});
    for (const auto* odd : {"pty", "restrictx", "from=\"*\"", "command=\"a", "command=a",
                            "command=\"a\",command=\"b\"", "permitopen=\"h\"", "permitopen=\"h:x\"",
                            "no-pty;restrict", "cert-authority"}) {
        INFO(odd);
        CHECK_FALSE(parse_dropbear_options(odd));
    }
}

// NOLINTEND(bugprone-unchecked-optional-access)
