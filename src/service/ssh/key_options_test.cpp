#include "service/ssh/connection.hpp"
#include "support/ssh_layers.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::service;
using namespace skep::service::ssh;
using namespace skep::tests;

namespace {

struct World : SshLayers {
    explicit World(KeyOptions key, std::string_view profile = "openssh-9.2p1")
        : SshLayers{profile}, connection{connect({"root", std::move(key), {}})} {
        sink.take();
        ask(channel_open("session"));
    }

    std::string ask(const Writer& message) { return tell(*connection, message); }

    std::string request(std::string_view type, const Writer& rest = {}) {
        auto message = channel_request(0, type);
        return ask(message.raw(rest.bytes()));
    }

    std::string run(std::string_view type, std::string_view text) {
        Writer rest;
        return request(type, rest.string(text));
    }

    std::string terminal() {
        Writer rest;
        rest.string("xterm").u32(80).u32(24).u32(0).u32(0).string(std::string_view{"\0", 1});
        return request("pty-req", rest);
    }

    std::string direct(std::string_view host, std::uint32_t port) {
        auto open = channel_open("direct-tcpip", 9);
        return ask(open.string(host).u32(port).string("10.0.0.1").u32(4000));
    }

    std::string listen(std::string_view host, std::uint32_t port) {
        auto request = global_request("tcpip-forward");
        return ask(request.string(host).u32(port));
    }

    std::unique_ptr<Connection> connection;
};

KeyOptions restricted() {
    KeyOptions key;
    key.agent_forwarding = key.port_forwarding = key.pty = key.user_rc = key.x11_forwarding = false;
    return key;
}

KeyOptions forced(std::string command) {
    KeyOptions key;
    key.command = std::move(command);
    return key;
}

using Variables = std::vector<std::pair<std::string, std::string>>;

} // namespace

TEST_CASE("OpenSSH tells what it has to say about keys after the host keys", "[ssh]") {
    SshLayers layers{"openssh-9.2p1"};
    auto connection = layers.connect({"root", {}, {"one", "two"}});
    CHECK(layers.sink.take() == "debug one; debug two");
    layers.sink.identification = "SSH-2.0-3.0.0 SSH Secure Shell";
    connection = layers.connect({"root", {}, {"one"}});
    CHECK(layers.sink.take().empty());
    SshLayers dropbear{"dropbear-2022.83"};
    connection = dropbear.connect({"root", {}, {"one"}});
    CHECK(dropbear.sink.take().empty());
}

TEST_CASE("OpenSSH refuses a restricted key terminals and forwards", "[ssh]") {
    World world{restricted()};
    CHECK(world.terminal() == "fail 7");
    CHECK(world.request("auth-agent-req@openssh.com") == "fail 7");
    Writer x11;
    x11.boolean(false).string("MIT-MAGIC-COOKIE-1").string("00").u32(0);
    const auto disabled = "debug X11 forwarding disabled by key options.; fail 7";
    CHECK(world.request("x11-req", x11) == disabled);
    CHECK(world.request("x11-req", x11) == disabled);
    CHECK(world.direct("localhost", 80) == "refused 9 1 open failed");
    CHECK(world.listen("", 0) == "debug Server has disabled port forwarding.; no");
    auto local = global_request("streamlocal-forward@openssh.com");
    CHECK(world.ask(local.string("/tmp/x")) ==
          "debug Server has disabled streamlocal forwarding.; no");
    CHECK(world.run("exec", "id") == "adjust 7 2097152; ok 7");
    CHECK(world.programs.take() == "start 0 id");
}

TEST_CASE("OpenSSH runs the key's command instead of what is asked for", "[ssh]") {
    World world{forced("echo forced")};
    CHECK(world.terminal() == "ok 7");
    CHECK(world.run("exec", "id") == "adjust 7 2097152; ok 7");
    CHECK(world.programs.take() == "start 0 echo forced");
    CHECK(world.programs.last.kind == ProgramRequest::Kind::command);
    CHECK(world.programs.last.terminal);
    CHECK(world.programs.last.environment == Variables{{"SSH_ORIGINAL_COMMAND", "id"}});
    CHECK(world.last("command.input").text_of("input") == "id");
    CHECK(world.run("signal", "TERM") == "fail 7");

    World shell{forced("echo forced")};
    shell.request("shell");
    CHECK(shell.programs.take() == "start 0 echo forced");
    CHECK(shell.programs.last.environment.empty());

    World sftp{forced("echo forced")};
    CHECK(sftp.run("subsystem", "other") == "fail 7");
    sftp.run("subsystem", "sftp");
    CHECK(sftp.programs.take() == "start 0 echo forced");
    CHECK(sftp.programs.last.environment ==
          Variables{{"SSH_ORIGINAL_COMMAND", "/usr/lib/openssh/sftp-server"}});
}

TEST_CASE("OpenSSH serves a forced internal-sftp to those who ask for sftp", "[ssh]") {
    World sftp{forced("internal-sftp -R")};
    sftp.run("subsystem", "sftp");
    CHECK(sftp.programs.last.kind == ProgramRequest::Kind::subsystem);
    CHECK(sftp.programs.last.command == "sftp");
    World shell{forced("internal-sftp")};
    shell.request("shell");
    CHECK(shell.programs.last.command ==
          "echo 'This service allows sftp connections only.'; exit 1");
}

TEST_CASE("a program that does not start leaves one original command", "[ssh]") {
    World world{forced("echo forced")};
    world.programs.starts = false;
    for (int i = 0; i < 3; ++i) {
        world.run("exec", "id " + std::to_string(i));
        world.connection->program_started(0, false);
    }
    CHECK(world.programs.last.environment == Variables{{"SSH_ORIGINAL_COMMAND", "id 2"}});
}

TEST_CASE("OpenSSH opens and listens only where the key permits it", "[ssh]") {
    KeyOptions key;
    key.permit_open = {{"localhost", 80}, {"*", 8080}, {"10.0.0.1", 0}};
    key.permit_listen = {{"*", 9000}, {"local*", 0}};
    World world{key};
    const auto prohibited = "refused 9 1 open failed";
    CHECK(world.direct("localhost", 80).empty());
    CHECK(world.direct("10.0.0.1", 1).empty());
    CHECK(world.direct("x", 8080).empty());
    CHECK(world.direct("LOCALHOST", 80) == prohibited);
    CHECK(world.direct("localhost", 81) == prohibited);
    CHECK(world.listen("anywhere", 9000) == "yes");
    CHECK(world.listen("LocalHost", 9001) == "yes");
    CHECK(world.listen("", 9001) == "debug port forwarding refused; no");
}

TEST_CASE("dropbear heeds the options that it knows", "[ssh]") {
    World world{restricted(), "dropbear-2022.83"};
    CHECK(world.terminal() == "fail 7");
    CHECK(world.request("auth-agent-req@openssh.com") == "fail 7");
    CHECK(world.direct("localhost", 80) == "refused 9 1 ");
    CHECK(world.listen("", 0) == "no");
    CHECK(world.run("exec", "id") == "ok 7");

    KeyOptions key = forced("echo forced");
    key.permit_open = {{"localhost", 80}};
    World one{key, "dropbear-2022.83"};
    CHECK(one.direct("localhost", 80).empty());
    CHECK(one.direct("*", 80) == "refused 9 1 ");
    one.request("shell");
    CHECK(one.programs.take() == "start 0 echo forced");
    CHECK(one.programs.last.environment == Variables{{"SSH_ORIGINAL_COMMAND", ""}});
}
