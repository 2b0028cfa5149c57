#include "base/bytes.hpp"
#include "cell/authorized_keys.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::cell;
using namespace std::string_literals;

TEST_CASE("lines of authorized_keys are read as sshd reads them") {
    const auto blob = "\0\0\0\x0bssh-ed25519\0\0\0\x20"s + std::string(32, 'k');
    const auto key = "ssh-ed25519 " + base64(blob);

    struct Row {
        std::string line;
        bool allows;
    };

    const Row rows[] = {
        {key, true},
        {"  \t" + key + " a comment", true},
        {key + "\r", true},
        {"no-pty,command=\"echo \\\" hi\" " + key, true},
        {"from=\"a b,c\",restrict\t" + key, true},
        {"cert-authority " + key, false},
        {"#" + key, false},
        {"", false},
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
        CHECK(line_allows(row.line, blob) == row.allows);
    }
    for (const auto& odd : {""s, "\0\0"s, "\0\0\0\xff"s, "\xff\xff\xff\xffx"s})
        CHECK_FALSE(line_allows(key, odd));
}
