#include "cell/program_words.hpp"

#include <catch2/catch.hpp>
#include <csignal>

using namespace skep;
using namespace skep::cell;
using Kind = process::CellRequest::Kind;

namespace {

process::CellRequest of(Kind kind, const std::string& command) {
    process::CellRequest request;
    request.kind = kind;
    request.command = command;
    return request;
}

} // namespace

TEST_CASE("process 1 is told what to start in words") {
    auto request = of(Kind::command, "uname -a");
    request.request = 5;
    request.protocol = "ssh";
    request.username = "root";
    request.columns = 70000;
    request.modes = std::string{"\x01\xff", 2};
    request.src_ip = "192.0.2.7";
    request.src_port = 1;
    request.dst_ip = "192.0.2.1";
    request.dst_port = 22;
    request.environment = {{"LANG", "C"}};
    persona::Persona persona;
    persona.ssh_server = "dropbear-2022.83";
    const std::vector<std::string> words{
        "program",  "5",     "-bstc", "root", "",
        "1000",     "24",    "",      "01ff", "192.0.2.7 1 192.0.2.1 22",
        "uname -a", "LANG=C"};
    CHECK(program_words(request, persona) == words);
    request.kind = Kind::subsystem;
    CHECK(program_words(request, persona)[10] == "/usr/lib/sftp-server");
    persona.ssh_server = "openssh-9.2p1";
    CHECK(program_words(request, persona)[10] == "/usr/lib/openssh/sftp-server");
}

TEST_CASE("uploads are what sftp-server and scp -t write") {
    CHECK(is_upload(of(Kind::subsystem, "sftp")));
    CHECK(is_upload(of(Kind::command, "scp -t /tmp")));
    CHECK(is_upload(of(Kind::command, "/usr/bin/scp -v -r -p -t -- a b")));
    CHECK(is_upload(of(Kind::command, "scp -rt /tmp")));
    for (const auto* other : {"scp -f /tmp/x", "scp", "scp -- -t", "xscp -t", "cat -t", ""})
        CHECK_FALSE(is_upload(of(Kind::command, other)));
    CHECK_FALSE(is_upload(of(Kind::shell, "")));
}

TEST_CASE("statuses and names of signals are told apart") {
    CHECK(exit_of(1, 3 << 8).status == 3);
    CHECK(exit_of(1, 3 << 8).signal == 0);
    CHECK(exit_of(1, SIGTERM).signal == SIGTERM);
    CHECK(exit_of(1, SIGSEGV | 0x80).core);
    CHECK(signal_number("TERM") == SIGTERM);
    CHECK(signal_number("ALRM") == SIGALRM);
    CHECK(signal_number("SIGTERM") == 0);
    CHECK(signal_number("STOP") == 0);
    CHECK(signal_number("") == 0);
}

TEST_CASE("what does not fit into a message is not started") {
    CHECK(can_start(of(Kind::command, std::string(131072, 'x'))));
    CHECK_FALSE(can_start(of(Kind::command, std::string(160000, 'x'))));
    CHECK_FALSE(can_start(of(Kind::subsystem, "nosuch")));
}
