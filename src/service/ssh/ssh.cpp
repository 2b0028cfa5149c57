// The SSH service: key exchange, login, then channels with programs of the attacker's cell.
#include "persona/persona.hpp"
#include "service/ssh/auth.hpp"
#include "service/ssh/priority.hpp"
#include "service/ssh/relay.hpp"
#include "service/ssh/startups.hpp"
#include "service/ssh/transport.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace skep::service::ssh {
namespace {

using namespace std::chrono_literals;

constexpr auto write_within = 60s;

Task<Result<void>> send(Session& session, Transport& transport) {
    if (transport.out.empty()) co_return Result<void>{};
    const auto bytes = std::exchange(transport.out, {});
    co_return co_await session.peer.write(bytes, write_within);
}

std::chrono::milliseconds time_left(const Session& session, const Auth& auth) {
    const auto left = auth.deadline() - session.events.now();
    return std::chrono::milliseconds{std::max<Micros>((left + 999) / 1000, 0)};
}

void answer_messages(Transport& transport, Auth& auth) {
    while (auth.state() == Auth::State::open && transport.ending() == Ending::none) {
        const auto message = transport.next();
        if (!message) return;
        auth.receive(*message);
    }
}

/// What an authentication that is busy waits for. Nothing is read meanwhile, as by a real server.
Task<Result<void>> finish_answer(Session& session, Auth& auth) {
    if (const auto& question = auth.question()) {
        auto verdict = co_await session.machine.judge_key(question->user, question->blob);
        auth.answer(verdict ? *std::move(verdict) : KeyVerdict{});
    } else {
        auto paused = co_await session.peer.pause(time_left(session, auth));
        // A peer that sends no more is still answered: the real server learns it at its next read.
        if (!paused && paused.error().kind() != Fault::closed) co_return paused;
        auth.wake();
    }
    co_return Result<void>{};
}

/// Until someone is logged in, or the transport's ending says that nobody will be. Between two
/// packets it holds the two layers and no buffer.
Task<Result<void>> log_in(Session& session, Transport& transport, Auth& auth) {
    transport.start();
    for (;;) {
        answer_messages(transport, auth);
        CO_CHECK(co_await send(session, transport));
        if (transport.ending() != Ending::none || auth.state() == Auth::State::accepted)
            co_return Result<void>{};
        if (auth.state() == Auth::State::busy) {
            CO_CHECK(co_await finish_answer(session, auth));
            continue;
        }
        auto bytes =
            co_await session.peer.read_some(transport.read_bytes_max(), time_left(session, auth));
        if (bytes)
            transport.receive(*bytes);
        else if (bytes.error().kind() == Fault::timed_out)
            auth.wake();
        else
            co_return std::unexpected{std::move(bytes).error()};
    }
}

Task<Result<void>> work(Session& session, Transport& transport, Login login) {
    const auto tasks = co_await net::TaskSet::make();
    Relay relay{session, transport, *tasks};
    auto outcome = co_await relay.run(std::move(login));
    co_await tasks->finish();
    co_return outcome;
}

/// One connection too many without a login: sshd says so, dropbear only closes.
Task<Result<void>> turn_away(Session& session, const Profile& profile) {
    event::Event event{"session.refused", session.events.now()};
    session.events.record(
        std::move(event.text("reason", "limit").text("name", "ssh.limit_startups")));
    std::ignore = co_await session.peer.write(profile.startups_text, write_within);
    co_return fail(Fault::refused, "MaxStartups");
}

Task<Result<void>> serve(Session& session) {
    const auto* profile = find_profile(session.persona.ssh_server);
    if (profile == nullptr) co_return fail(Fault::refused, "the persona has no ssh_server");
    StartupPlace place{session.ssh->startups, session.src_ip};
    if (!place.admitted()) co_return co_await turn_away(session, *profile);
    const TransportPlan plan{*profile, session.persona.ssh_identification, session.host_keys};
    Transport transport{session, plan};
    const auto auth = Auth::make(session, transport);
    auto outcome = co_await log_in(session, transport, *auth);
    place.leave();
    if (outcome && transport.ending() == Ending::none)
        outcome = co_await work(session, transport, auth->take_login());
    if (transport.ending() == Ending::none) transport.end(); // records what never became a message
    if (transport.ending() == Ending::reset) session.peer.reset_at_end();
    co_return outcome;
}

/// sshd's TCPKeepAlive; dropbear hurries from its listening socket on (svr-main.c).
net::SocketOptions socket_options(const persona::Persona& persona) {
    const auto* profile = find_profile(persona.ssh_server);
    const bool dropbear = profile != nullptr && profile->family == Family::dropbear;
    if (!dropbear) return {.sending = {}, .keep_alive = true, .urgent_in_line = false};
    return {.sending = {.type_of_service = dropbear_low_latency, .at_once = true},
            .keep_alive = false,
            .urgent_in_line = false};
}

} // namespace

extern const Service entry{.name = "ssh",
                           .default_port = 22,
                           .summary = "secure shell (RFC 4251)",
                           .serve = serve,
                           .socket_options = socket_options};

} // namespace skep::service::ssh
