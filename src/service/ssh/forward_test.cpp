#include "service/ssh/connection.hpp"
#include "support/ssh_layers.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::service::ssh;
using namespace skep::tests;

TEST_CASE("a forward is a sink: limits ssh_forward_bytes and ssh_forward_seconds", "[ssh]") {
    ConnectedLayers world;
    world.ssh_settings.forward_bytes = 10;
    CHECK(world.ask(direct_tcpip("mail.example.org", 25)).empty());
    const auto& request = world.last("direct-tcpip.request");
    CHECK(request.text_of("dst_ip") == "mail.example.org");
    CHECK(request.number_of("dst_port") == 25);
    CHECK(request.text_of("originator") == "10.0.0.1 4000");
    CHECK(world.wait(*world.connection) == "open 9 0 2097152 32768");
    CHECK(world.waited > 8000);
    CHECK(world.waited < 145'000);
    CHECK(world.ask(channel_data(0, "EHLO x\r\n")).empty());
    CHECK(world.ask(channel_data(0, "MAIL FROM")).empty());
    CHECK(world.wait(*world.connection) == "eof 9"); // it has swallowed enough
    CHECK(world.last("direct-tcpip.data").text_of("data") == "EHLO x\r\nMA");
    CHECK(world.ask(channel_data(0, "more")) == "close 9");
    CHECK(world.ask(channel_message(Msg::channel_close, 0)).empty());
    CHECK(world.ask(direct_tcpip("10.0.0.2", 80)).empty());
    CHECK(world.wait(*world.connection) == "open 9 0 2097152 32768");
    CHECK(world.wait(*world.connection) == "eof 9"); // silent for a minute
    CHECK(world.waited == 60'000'000);
    CHECK(world.ask(channel_message(Msg::channel_eof, 0)) == "close 9");
}

TEST_CASE("what a peer sends into a forward is recorded when it goes", "[ssh]") {
    const auto server = GENERATE(as<std::string>{}, "openssh-9.2p1", "dropbear-2022.83");
    ConnectedLayers world{server};
    world.ask(direct_tcpip("10.0.0.2", 80));
    world.wait(*world.connection);
    world.ask(channel_data(0, "GET / HTTP/1.0\r\n\r\n"));
    CHECK(world.count("direct-tcpip.data") == 0);
    world.connection.reset();
    CHECK(world.last("direct-tcpip.data").text_of("data") == "GET / HTTP/1.0\r\n\r\n");
}

TEST_CASE("a forward is refused by setting, by name, and by port", "[ssh]") {
    ConnectedLayers world;
    CHECK(world.ask(direct_tcpip("h", 70000)) == "refused 9 1 open failed");
    world.ask(direct_tcpip("nowhere.invalid", 80));
    CHECK(world.wait(*world.connection) == "refused 9 2 Name or service not known");
    world.ask(direct_tcpip("300.1.1.1", 80));
    CHECK(world.wait(*world.connection) == "refused 9 2 Name or service not known");
    // The machine itself listens at its SSH port alone.
    for (const auto* home :
         {"localhost", "LocalHost.", "127.9.9.9", "::1", "0", "::ffff:127.0.0.1"}) {
        world.ask(direct_tcpip(home, 6379));
        CHECK(world.wait(*world.connection) == "refused 9 2 Connection refused");
    }
    world.ask(direct_tcpip("127.0.0.1", 22));
    CHECK(world.wait(*world.connection).starts_with("open 9 0"));
    world.ssh_settings.sink = false;
    world.ask(direct_tcpip("10.0.0.2", 80));
    CHECK(world.wait(*world.connection) == "refused 9 2 Connection refused");
    auto local = channel_open("direct-streamlocal@openssh.com");
    CHECK(world.ask(local.string("/run/docker.sock").string("").u32(0)) ==
          "refused 7 2 open failed");
    auto tunnel = channel_open("tun@openssh.com");
    CHECK(world.ask(tunnel.u32(1).u32(1)) ==
          "debug Server has rejected tunnel device forwarding; refused 7 2 open failed");
    CHECK(world.ask(channel_open("session")) == "open 7 1 0 32768");
}
