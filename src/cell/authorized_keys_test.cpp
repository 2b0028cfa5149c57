#include "base/bytes.hpp"
#include "base/ssh_wire.hpp"
#include "cell/authorized_keys.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::cell;
using namespace std::string_literals;

namespace {

std::string key_of(char fill) {
    SshWriter blob;
    blob.string("ssh-ed25519").string(std::string(32, fill));
    return std::move(blob).take();
}

const std::string blob = key_of('k');
const std::string key = "ssh-ed25519 " + base64(blob);
const std::string other = "ssh-ed25519 " + base64(key_of('o'));
const ShownKey shown{.blob = blob, .src_ip = "192.0.2.7", .now = 1'800'000'000};

KeyVerdict judge(const std::string& text) {
    KeyVerdict verdict;
    judge_openssh_lines(text, "/root/.ssh/authorized_keys", shown, verdict);
    return verdict;
}

bool dropbear_allows(const std::string& text) {
    KeyVerdict verdict;
    judge_dropbear_lines(text, shown, verdict);
    CHECK(verdict.notes.empty());
    return verdict.held;
}

constexpr auto at_1 = "/root/.ssh/authorized_keys:1: ";
constexpr auto all = "key options: agent-forwarding port-forwarding pty user-rc x11-forwarding";

} // namespace

TEST_CASE("lines of authorized_keys are read as sshd reads them") {
    struct Row {
        std::string line;
        bool allows;
    };

    const Row rows[] = {
        {key, true},
        {"  \t" + key + " a comment", true},
        {key + "\r", true},
        {key + "\0x"s, true},
        {"no-pty,command=\"echo \\\" hi\" " + key, true},
        {"from=\"a b,192.0.2.0/24\",restrict\t" + key, true},
        {"from=\"198.51.100.1\" " + key, false},
        {"cert-authority " + key, false},
        {"nonsense " + key, false},
        {"#" + key, false},
        {"", false},
        {"\0"s + key, false},
        {"ssh-rsa " + base64(blob), false},
        {"ssh-ed25519", false},
        {"ssh-ed25519 " + base64(blob + "x"), false},
        {"ssh-ed25519 " + base64(blob).substr(1), false},
        {"ssh-ed25519 !!!!", false},
        {"command=\"unended " + key, false},
        {std::string(300, '"'), false},
    };
    for (const auto& row : rows) {
        INFO(row.line);
        CHECK(judge(row.line).held == row.allows);
    }
    for (const auto& odd : {""s, "\0\0"s, "\0\0\0\xff"s, "\xff\xff\xff\xffx"s}) {
        KeyVerdict verdict;
        judge_openssh_lines(key, "x", {.blob = odd, .src_ip = "192.0.2.7"}, verdict);
        judge_dropbear_lines(key, {.blob = odd, .src_ip = "192.0.2.7"}, verdict);
        CHECK_FALSE(verdict.held);
    }
}

TEST_CASE("sshd's notes tell where a key is and why others were skipped") {
    using Told = std::vector<std::string>;
    CHECK(judge(key + "\n").notes == Told{at_1 + std::string{all}});
    CHECK(judge("# one\n\n" + other + "\n" + key).notes ==
          Told{"/root/.ssh/authorized_keys:4: "s + all});
    const auto only = [](const std::string& line) {
        const auto verdict = judge(line);
        CHECK_FALSE(verdict.held);
        return verdict.notes;
    };
    CHECK(only(other).empty());
    CHECK(only("pty " + other).empty());
    CHECK(only("nonsense " + other) == Told{at_1 + "bad key options: unknown key option"s});
    CHECK(only("nonsense ssh-rsa AAAA").empty());
    CHECK(only("command=\"x " + key) == Told{"invalid key option string"});
    CHECK(only("expiry-time=\"20200229\" " + key) ==
          Told{at_1 + "entry expired at 2020-02-29T00:00:00"s, "Refused by key options"});
    CHECK(only("principals=\"x\" " + key) ==
          Told{at_1 + "principals on non-CA key"s, "Refused by key options"});
    const auto host = at_1 + "Your host '192.0.2.7' is not permitted to use this key for login."s;
    CHECK(only("from=\"10.*\" " + key) == Told{host, "Refused by key options"});
    CHECK(only("from=\"10.0.0.1/8\" " + key) ==
          Told{at_1 + "invalid from criteria"s, host, "Refused by key options"});
    const auto later = judge("from=\"10.*\" " + key + "\nno-pty " + key + "\n" + key);
    CHECK(later.held);
    CHECK_FALSE(later.options.pty);
    CHECK(later.notes.size() == 3);
}

TEST_CASE("notes are bounded, and the path in them is") {
    std::string text;
    for (int i = 0; i < 100; ++i)
        text += "nonsense " + key + "\n";
    CHECK(judge(text + key).notes.size() == key_notes_max);
    CHECK(judge(text + key).held);
    KeyVerdict verdict;
    judge_openssh_lines(key, std::string(5000, 'p'), shown, verdict);
    CHECK(verdict.notes.at(0) == std::string(200, 'p') + ":1: " + all);
}

TEST_CASE("lines of authorized_keys are read as dropbear reads them") {
    CHECK(dropbear_allows(key));
    CHECK(dropbear_allows("# x\n\n" + other + "\n" + key + " comment\n"));
    CHECK(dropbear_allows("no-pty,command=\"a b\" " + key));
    CHECK(dropbear_allows(std::string(4000, ' ') + "no-pty " + key));
    CHECK_FALSE(dropbear_allows(" " + key)); // takes it for options
    CHECK_FALSE(dropbear_allows("from=\"192.0.2.7\" " + key));
    CHECK_FALSE(dropbear_allows("#" + key));
    CHECK_FALSE(dropbear_allows("no-pty  " + key));
    CHECK_FALSE(dropbear_allows("ssh-ed25519\t" + base64(blob)));
    CHECK_FALSE(dropbear_allows(key + "\0"s));
    CHECK_FALSE(dropbear_allows(key + std::string(4200, ' ')));
    CHECK_FALSE(dropbear_allows("ssh-ed25519 AAAA"));
}
