#include "service/ssh/connection.hpp"
#include "support/ssh_layers.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::service::ssh;
using namespace skep::tests;

namespace {

struct World : ConnectedLayers {
    World() : ConnectedLayers{"dropbear-2022.83"} { connection = connect({user, {}, {}}); }
};

} // namespace

TEST_CASE("dropbear runs a command and tells its status just before the close", "[ssh]") {
    World world;
    CHECK(world.run("id") == "ok 7");
    CHECK(world.ask(channel_request(0, "shell")) == "fail 7");
    CHECK(world.ask(channel_request(0, "env")) == "fail 7");
    world.connection->program_printed(0, "uid=0\n", false);
    CHECK(world.sink.take() == "data 7 uid=0\n");
    world.connection->program_output_ended(0);
    CHECK(world.sink.take() == "eof 7");
    world.connection->program_exited(0, 2, "", false);
    CHECK(world.sink.take() == "request 7 exit-status 2; close 7");
    CHECK(world.ask(channel_message(Msg::channel_close, 0)).empty());
    CHECK(world.ask(channel_open("session")) == "open 7 0 24576 32759");
}

TEST_CASE("dropbear's window, unknown channels and forwards", "[ssh]") {
    World world;
    world.run("cat");
    world.ask(channel_data(0, std::string(8191, 'x')));
    world.connection->program_took(0, 8191);
    CHECK(world.sink.take().empty());
    world.ask(channel_data(0, "y"));
    world.connection->program_took(0, 1);
    CHECK(world.sink.take() == "adjust 7 8192");
    CHECK(world.ask(channel_open("x11")) == "refused 7 3 ");
    CHECK(world.ask(direct_tcpip("h", 70000)) == "refused 9 1 ");
    CHECK(world.ask(listen_request("tcpip-forward", "", 40999)) == "yes 40999");
    CHECK(world.ask(listen_request("cancel-tcpip-forward", "", 40999)) == "no");
    CHECK(world.ask(channel_message(Msg::channel_eof, 0)).empty());
    CHECK(world.ask(channel_data(0, "z")) == "end"); // data after EOF
    World other;
    CHECK(other.ask(channel_data(5, "x")) == "end");
    World big;
    big.run("cat");
    CHECK(big.ask(channel_data(0, std::string(24577, 'x'))) == "end");
}

TEST_CASE("dropbear closes a session without a program at its EOF", "[ssh]") {
    World world;
    world.ask(channel_open("session"));
    CHECK(world.ask(channel_message(Msg::channel_eof, 0)) == "eof 7; close 7");
    CHECK(world.ask(channel_message(Msg::channel_eof, 0)).empty());
    CHECK(world.ask(channel_message(Msg::channel_close, 0)).empty());
    CHECK(world.ask(channel_open("session", 8)) == "open 8 0 24576 32759");
    CHECK(world.ask(channel_message(Msg::channel_eof, 0)) == "eof 8; close 8");
    CHECK(world.ask(channel_data(0, "x")) == "end");
}

TEST_CASE("dropbear runs a program on a closed session and ends when it prints", "[ssh]") {
    World world;
    world.ask(channel_open("session"));
    world.ask(channel_message(Msg::channel_eof, 0));
    auto request = channel_request(0, "exec");
    CHECK(world.ask(request.string("cat")).empty());
    CHECK(world.programs.last.command == "cat");
    world.connection->program_printed(0, "x", false);
    CHECK(world.sink.take() == "end");
}

TEST_CASE("dropbear closes sessions without a program when another's program ends", "[ssh]") {
    World world;
    world.run("sleep 1");
    CHECK(world.ask(channel_open("session", 8)) == "open 8 1 24576 32759");
    world.programs.take();
    world.connection->program_exited(0, 0, "", false);
    CHECK(world.sink.take() == "eof 8; close 8");
    CHECK(world.programs.take() == "drain 0"); // what it started may print on
}

TEST_CASE("dropbear reads names up to their first NUL", "[ssh]") {
    using namespace std::string_literals;
    World world;
    CHECK(world.ask(channel_open("session\0x"s)) == "open 7 0 24576 32759");
    CHECK(world.ask(channel_request(0, "shell\0"s)) == "ok 7");
    world.programs.take();
    auto request = channel_request(0, "signal");
    CHECK(world.ask(request.string("ALRM\0"s)) == "ok 7");
    CHECK(world.programs.take() == "signal 0 ALRM");
    CHECK(world.ask(listen_request("tcpip-forward\0"s, "", 40999)) == "yes 40999");
    CHECK(world.ask(channel_open("session\0"s + std::string(60, 'x'))) == "refused 7 3 ");
    CHECK(world.ask(channel_open(std::string(9001, 'x'))) == "end");
}
