#include "base/crypto/ssh_key.hpp"
#include "service/ssh/connection.hpp"
#include "support/ssh_layers.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::service::ssh;
using namespace skep::tests;

namespace {

Writer terminal(std::uint32_t id, std::string_view modes = std::string_view{"\0", 1}) {
    auto request = channel_request(id, "pty-req");
    request.string("xterm").u32(80).u32(24).u32(0).u32(0).string(modes);
    return request;
}

} // namespace

TEST_CASE("OpenSSH opens sessions with the lowest free numbers, up to MaxSessions", "[ssh]") {
    ConnectedLayers world;
    for (int i = 0; i < 10; ++i)
        CHECK(world.ask(channel_open("session")) == "open 7 " + std::to_string(i) + " 0 32768");
    CHECK(world.ask(channel_open("session")) == "refused 7 2 open failed");
    CHECK(world.ask(channel_message(Msg::channel_close, 3)) == "close 7");
    CHECK(world.ask(channel_open("session")) == "open 7 3 0 32768");
    CHECK(world.ask(channel_open("x11")) == "refused 7 2 open failed");
    auto longer = channel_open("session");
    longer.u8(0);
    CHECK(world.ask(longer) == "end");
}

TEST_CASE("OpenSSH frees a number when all that a read gave is answered", "[ssh]") {
    ConnectedLayers world;
    world.ask(channel_open("session"));
    world.connection->receive(channel_message(Msg::channel_close, 0).bytes());
    CHECK(world.ask(channel_open("session", 8)) == "open 8 1 0 32768; close 7");
    CHECK(world.ask(channel_open("session", 9)) == "open 9 0 0 32768");
}

TEST_CASE("limit ssh_channels: OpenSSH refuses as without descriptors, dropbear as short",
          "[ssh]") {
    ConnectedLayers world;
    world.ssh_settings.channels = 2;
    CHECK(world.ask(channel_open("session")) == "open 7 0 0 32768");
    CHECK(world.ask(channel_open("session")) == "open 7 1 0 32768");
    CHECK(world.ask(channel_open("session")) == "refused 7 2 open failed");
    CHECK(world.ask(direct_tcpip("h", 80)) == "refused 9 2 open failed");
    ConnectedLayers dropbear{"dropbear-2022.83"};
    dropbear.ssh_settings.channels = 1;
    CHECK(dropbear.ask(channel_open("session")) == "open 7 0 24576 32759");
    CHECK(dropbear.ask(channel_open("session")) == "refused 7 4 ");
}

TEST_CASE("OpenSSH runs a command: window, success, output, EOF, status, close", "[ssh]") {
    ConnectedLayers world;
    CHECK(world.run("uname -a") == "adjust 7 2097152; ok 7");
    CHECK(world.programs.take() == "start 0 uname -a");
    CHECK(world.last("command.input").text_of("input") == "uname -a");
    CHECK(world.connection->room(0) == 1U << 20U);
    world.connection->program_printed(0, "Linux\n", false);
    world.connection->program_printed(0, "oops\n", true);
    CHECK(world.sink.take() == "data 7 Linux\n; error 7 1 oops\n");
    world.connection->program_output_ended(0);
    CHECK(world.sink.take() == "eof 7");
    world.connection->program_exited(0, 3, "", false);
    CHECK(world.sink.take() == "request 7 exit-status 3; request 7 eow@openssh.com; close 7");
    CHECK(world.ask(channel_message(Msg::channel_close, 0)).empty());
    CHECK(world.ask(channel_open("session")) == "open 7 0 0 32768");
}

TEST_CASE("OpenSSH tells old clients and PuTTY nothing of a closed input", "[ssh]") {
    ConnectedLayers world;
    world.sink.identification = "SSH-2.0-PuTTY_Release_0.78";
    world.run("true");
    world.connection->program_exited(0, 0, "", false);
    CHECK(world.sink.take() == "request 7 exit-status 0");
    world.connection->program_output_ended(0);
    CHECK(world.sink.take() == "eof 7; close 7");
}

TEST_CASE("OpenSSH names the signals it knows", "[ssh]") {
    ConnectedLayers world;
    world.run("sleep 9");
    auto signal = channel_request(0, "signal");
    CHECK(world.ask(signal.string("TERM")) == "ok 7");
    auto other = channel_request(0, "signal");
    CHECK(world.ask(other.string("ALRM")) == "fail 7");
    CHECK(world.programs.take() == "start 0 sleep 9; signal 0 TERM");
    world.connection->program_exited(0, 0, "STKFLT", false);
    CHECK(world.sink.take().starts_with("request 7 exit-signal SIG@openssh.com"));
}

TEST_CASE("OpenSSH waits for the program when the client closes", "[ssh]") {
    ConnectedLayers world;
    world.run("sleep 1");
    CHECK(world.ask(channel_message(Msg::channel_close, 0)).empty());
    CHECK(world.programs.take() == "start 0 sleep 1; end 0; hang_up 0");
    world.connection->program_exited(0, 0, "HUP", false);
    CHECK(world.sink.take() == "request 7 exit-signal HUP; close 7");
}

TEST_CASE("OpenSSH gives the window back when the program has taken enough", "[ssh]") {
    ConnectedLayers world;
    world.run("cat");
    const std::string piece(32768, 'x');
    for (int i = 0; i < 3; ++i)
        CHECK(world.ask(channel_data(0, piece)).empty());
    world.connection->program_took(0, 3 * piece.size());
    CHECK(world.sink.take().empty());
    CHECK(world.ask(channel_data(0, "y")) == "adjust 7 98304"); // more than three packets are open
    CHECK(world.ask(channel_data(0, piece + "z")).empty());     // over its packet size: dropped
    CHECK(world.count("protocol.weird") == 1);
    world.programs.take();
    CHECK(world.ask(channel_message(Msg::channel_eof, 0)).empty());
    CHECK(world.programs.take().empty()); // the last byte is still on its way
    world.connection->program_took(0, 1);
    CHECK(world.programs.take() == "end 0");
}

TEST_CASE("what a program left is printed after its exit once the window is wide", "[ssh]") {
    for (const auto* const server : {"openssh-9.2p1", "dropbear-2022.83"}) {
        ConnectedLayers world{server};
        world.run("seq 9");
        const auto room = world.connection->room(0);
        world.connection->program_printed(0, std::string(room, 'x'), false);
        CHECK(world.programs.take().contains("may_print 0 no"));
        world.connection->program_exited(0, 0, "", false);
        auto adjust = channel_message(Msg::channel_window_adjust, 0);
        world.ask(adjust.u32(100));
        CHECK(world.programs.take().contains("may_print 0 yes"));
        CHECK(world.connection->room(0) == 100);
    }
}

TEST_CASE("limit ssh_unread_bytes: nothing more is read while programs do not read", "[ssh]") {
    ConnectedLayers world;
    world.ssh_settings.unread_bytes = std::size_t{3} * 32768;
    world.run("sleep 9");
    const std::string piece(32768, 'x');
    CHECK(world.connection->may_receive());
    for (int i = 0; i < 3; ++i)
        world.ask(channel_data(0, piece));
    CHECK_FALSE(world.connection->may_receive());
    world.connection->program_took(0, 1);
    CHECK(world.connection->may_receive());
}

TEST_CASE("nothing is answered while a program starts, and a refused start can be repeated",
          "[ssh]") {
    ConnectedLayers world;
    world.programs.starts = false;
    CHECK(world.run("id").empty());
    CHECK_FALSE(world.connection->may_receive());
    world.connection->program_started(0, false);
    CHECK(world.sink.take() == "fail 7");
    CHECK(world.connection->may_receive());
    CHECK(world.ask(channel_request(0, "shell", false)).empty());
    world.connection->program_started(0, true);
    CHECK(world.sink.take() == "adjust 7 2097152");
    CHECK(world.ask(channel_request(0, "shell")) == "fail 7");
}

TEST_CASE("OpenSSH's terminal, environment, agent and X11 reach the program", "[ssh]") {
    ConnectedLayers world;
    world.ask(channel_open("session"));
    CHECK(world.ask(terminal(0, std::string_view{"\x35\0\0\0\1\0", 6})) == "ok 7");
    auto accepted = channel_request(0, "env"), refused = channel_request(0, "env");
    CHECK(world.ask(accepted.string("LC_ALL").string("C")) == "ok 7");
    CHECK(world.ask(refused.string("PATH").string("x")) == "fail 7");
    auto x11 = channel_request(0, "x11-req");
    x11.u8(0).string("MIT-MAGIC-COOKIE-1").string("00").u32(0);
    CHECK(world.ask(x11) == "ok 7");
    CHECK(world.ask(channel_request(0, "auth-agent-req@openssh.com")) == "ok 7");
    CHECK(world.ask(channel_request(0, "auth-agent-req@openssh.com")) == "fail 7");
    CHECK(world.ask(channel_request(0, "shell")) == "adjust 7 2097152; ok 7");
    CHECK(world.ask(channel_open("session")) == "open 7 4 0 32768"); // 2 for X11, 1 for the agent
    const auto& request = world.programs.last;
    CHECK(request.terminal);
    CHECK(request.username == "root");
    CHECK(request.term == "xterm");
    CHECK(request.modes == std::string_view{"\x35\0\0\0\1\0", 6});
    REQUIRE(request.environment.size() == 3);
    CHECK(request.environment[1].second == "localhost:10.0");
    CHECK(request.environment[2].second.starts_with("/tmp/ssh-"));
    auto change = channel_request(0, "window-change");
    CHECK(world.ask(change.u32(90).u32(30).u32(0).u32(0)) == "ok 7");
    world.ask(channel_data(0, "whoami\rexi"));
    CHECK(world.last("command.input").text_of("input") == "whoami");
    // The end of the client's data does not reach a terminal.
    world.connection->program_took(0, 10);
    world.programs.take();
    world.ask(channel_message(Msg::channel_eof, 0));
    CHECK(world.programs.take().empty());
    world.connection.reset();
    CHECK(world.last("command.input").text_of("input") == "exi");
}

TEST_CASE("OpenSSH's answers to what is wrong", "[ssh]") {
    const auto first = [](const Writer& message) {
        ConnectedLayers world;
        world.run("cat");
        return world.ask(message);
    };
    CHECK(first(channel_data(5, "x")) ==
          "disconnect 2 data packet referred to nonexistent channel 5");
    CHECK(first(Writer{Msg::channel_data}) == "disconnect 2 Invalid data message");
    CHECK(first(channel_message(Msg::channel_eof, 0x80000000)) ==
          "disconnect 2 Invalid ieof channel id");
    CHECK(first(channel_message(Msg::channel_close, 1)) ==
          "disconnect 2 oclose packet referred to nonexistent channel 1");
    CHECK(first(channel_request(9, "shell")) ==
          "disconnect 2 server_input_channel_req: unknown channel 9");
    CHECK(first(channel_message(Msg::channel_open_confirmation, 0)) ==
          "disconnect 2 Received open confirmation for non-opening channel 0.");
    auto adjust = channel_message(Msg::channel_window_adjust, 9);
    CHECK(first(adjust).empty());
    auto overflow = channel_message(Msg::channel_window_adjust, 0);
    CHECK(first(overflow.u32(0xffffffff)) == "end");
    CHECK(first(channel_message(Msg::channel_extended_data, 0)) ==
          "disconnect 2 Invalid extended_data message");
    CHECK(first(channel_request(0, "foo")) == "fail 7");
    CHECK(first(Writer{Msg::userauth_request}) == "unimplemented");
    CHECK(first(Writer{Msg::channel_success}).empty());
    ConnectedLayers world;
    world.ask(channel_open("session"));
    CHECK(world.ask(terminal(0)) == "ok 7");
    CHECK(world.ask(terminal(0)) == "disconnect 2 Protocol error: you already have a pty.");
    ConnectedLayers modes;
    modes.ask(channel_open("session"));
    CHECK(modes.ask(terminal(0, std::string_view{"\1\0", 2})) == "end");
}

TEST_CASE("OpenSSH's global requests take numbers as its listeners do", "[ssh]") {
    ConnectedLayers world;
    CHECK(world.ask(global_request("keepalive@openssh.com")) == "no");
    CHECK(world.ask(listen_request("tcpip-forward", "", 0)).starts_with("yes "));
    CHECK(world.ask(channel_open("session")) == "open 7 2 0 32768");
    CHECK(world.ask(listen_request("tcpip-forward", "127.0.0.1", 40999)) == "yes");
    CHECK(world.ask(listen_request("tcpip-forward", "127.0.0.1", 40999)) == "no");
    CHECK(world.ask(channel_open("session")) == "open 7 4 0 32768");
    CHECK(world.ask(listen_request("tcpip-forward", "", 22)) == "no"); // sshd's own
    CHECK(world.ask(listen_request("cancel-tcpip-forward", "127.0.0.1", 40999)) == "yes");
    CHECK(world.ask(channel_open("session")) == "open 7 3 0 32768");
    auto silent = global_request("tcpip-forward", false);
    CHECK(world.ask(silent.string("").u32(0)) == "debug Server has disabled port forwarding.");
    auto path = global_request("streamlocal-forward@openssh.com");
    path.string("/tmp/x");
    CHECK(world.ask(path) == "yes");
    CHECK(world.ask(path) == "no");
    CHECK(world.ask(global_request("hostkeys-prove-00@openssh.com")) == "yes");
    CHECK(world.ask(global_request("no-more-sessions@openssh.com")) == "yes");
    CHECK(world.ask(channel_open("session")).starts_with("disconnect 2 Possible attack: attempt"));
    CHECK(world.last("forward.request").text_of("path") == "/tmp/x");
    ConnectedLayers user;
    user.user = "admin";
    CHECK(user.ask(listen_request("tcpip-forward", "", 80)) == "no");
}

TEST_CASE("OpenSSH announces its host keys and proves them", "[ssh]") {
    ConnectedLayers world;
    std::vector<crypto::HostKey> keys;
    keys.push_back(crypto::HostKey::generate(crypto::KeyKind::ed25519));
    keys.push_back(crypto::HostKey::generate(crypto::KeyKind::ecdsa_p256));
    world.session.host_keys = keys;
    auto prove = global_request("hostkeys-prove-00@openssh.com");
    prove.string(keys[0].blob());
    const auto said = world.ask(prove);
    constexpr std::string_view announced = "global hostkeys-00@openssh.com; yes";
    REQUIRE(said.starts_with(announced));
    Writer covered;
    covered.string("hostkeys-prove-00@openssh.com").string("session-id").string(keys[0].blob());
    Reader signature{std::string_view{said}.substr(announced.size())};
    CHECK(crypto::verify_signature(keys[0].blob(), "ssh-ed25519", signature.string(),
                                   covered.bytes()));
    auto unknown = global_request("hostkeys-prove-00@openssh.com");
    CHECK(world.ask(unknown.string("x")) == "no");
}
