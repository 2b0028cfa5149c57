// The Telnet service: moves bytes between a peer, the telnetd of its persona, and the cell's shell.
#include "net/race.hpp"
#include "persona/persona.hpp"
#include "service/input_log.hpp"
#include "service/telnet/server.hpp"

#include <algorithm>
#include <utility>

namespace skep::service::telnet {
namespace {

using namespace std::chrono_literals;

constexpr auto write_within = 60s;
constexpr std::size_t shell_bytes_max = 16384;

/// Sends what `server` has for the peer.
Task<Result<void>> send(Session& session, Server& server) {
    const auto out = std::exchange(server.out, {});
    std::size_t sent = 0;
    for (const auto urgent : out.urgent) {
        const auto before = std::string_view{out.bytes}.substr(sent, urgent - sent);
        if (!before.empty()) CO_CHECK(co_await session.peer.write(before, write_within));
        CO_CHECK(co_await session.peer.write_urgent(out.bytes[urgent], write_within));
        sent = urgent + 1;
    }
    const auto rest = std::string_view{out.bytes}.substr(sent);
    if (!rest.empty()) CO_CHECK(co_await session.peer.write(rest, write_within));
    co_return Result<void>{};
}

/// A shell's session: two coroutines, of which one reads the peer and one the shell. Both may send;
/// `sending` keeps them apart.
struct Relay {
    Session& session;
    Server& server;
    Program& shell;
    InputLog log;
    bool sending = false;
};

Task<Result<void>> send_apart(Relay& relay) {
    while (relay.sending)
        CO_CHECK(co_await relay.session.peer.pause(20ms));
    if (relay.server.out.empty()) co_return Result<void>{};
    relay.sending = true;
    auto sent = co_await send(relay.session, relay.server);
    relay.sending = false;
    co_return sent;
}

Task<Result<void>> type_into_shell(Relay& relay) {
    auto& server = relay.server;
    for (;;) {
        if (!server.typed.empty()) {
            const auto typed = std::exchange(server.typed, {});
            relay.log.type(typed);
            CO_CHECK(co_await relay.shell.write(typed));
        }
        if (std::exchange(server.resized, false)) {
            const auto size = server.request();
            relay.shell.resize(size.columns, size.rows);
        }
        CO_CHECK(co_await send_apart(relay));
        if (server.state() == Server::State::ended) co_return Result<void>{};
        CO_TRY(const auto bytes, co_await relay.session.peer.read_some(server.read_bytes_max(),
                                                                       relay.session.idle_within));
        server.receive(bytes);
    }
}

Task<Result<void>> print_from_shell(Relay& relay) {
    for (;;) {
        auto bytes = co_await relay.shell.read_output(shell_bytes_max);
        if (!bytes) co_return Result<void>{}; // the shell has ended, or printed all it may
        relay.server.print(*bytes);
        CO_CHECK(co_await send_apart(relay));
    }
}

Task<Result<void>> run_shell(Session& session, Server& server) {
    auto request = server.request();
    server.resized = false;
    auto opened = co_await session.machine.open(std::move(request));
    if (!opened) co_return Result<void>{}; // as a login whose shell cannot be run
    Relay relay{session, server, **opened, InputLog{session.events}};
    auto outcome = co_await net::first_of(type_into_shell(relay), print_from_shell(relay));
    relay.log.flush();
    co_return outcome;
}

std::chrono::milliseconds time_left(const Session& session, const Server& server) {
    const auto left = server.deadline() - session.events.now();
    return std::chrono::milliseconds{std::max<Micros>((left + 999) / 1000, 0)};
}

/// The login, then the shell. While it waits for the peer's next packet it holds the server and
/// nothing else: one frame, no buffer.
Task<Result<void>> serve(Session& session) {
    const auto server = make_server(session);
    server->start();
    while (server->state() == Server::State::login) {
        if (!server->out.empty()) CO_CHECK(co_await send(session, *server));
        auto bytes =
            co_await session.peer.read_some(server->read_bytes_max(), time_left(session, *server));
        if (bytes)
            server->receive(*bytes);
        else if (bytes.error().kind() == Fault::timed_out)
            server->expire();
        else
            co_return std::unexpected(std::move(bytes).error());
    }
    if (!server->out.empty()) CO_CHECK(co_await send(session, *server));
    if (server->state() == Server::State::ended) co_return Result<void>{};
    co_return co_await run_shell(session, *server);
}

/// Both servers probe silent peers; only inetutils' telnetd reads urgent data in line.
net::SocketOptions socket_options(const persona::Persona& persona) {
    return {.sending = {}, .keep_alive = true, .urgent_in_line = !persona.plays_busybox()};
}

} // namespace

extern const Service entry{.name = "telnet",
                           .default_port = 23,
                           .summary = "remote terminal (RFC 854)",
                           .serve = serve,
                           .socket_options = socket_options};

} // namespace skep::service::telnet
