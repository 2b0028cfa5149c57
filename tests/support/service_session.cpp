#include "support/service_session.hpp"

#include "net/scripted_stream.hpp"
#include "support/session_fakes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>

namespace skep::tests {
namespace {

using namespace std::chrono_literals;

void fill(net::ScriptedStream& stream, std::string_view input) {
    while (!input.empty()) {
        const auto length = static_cast<std::uint8_t>(input.front());
        input.remove_prefix(1);
        if (length == 0) {
            if (input.empty()) return;
            stream.time_passes(std::chrono::seconds{static_cast<std::uint8_t>(input.front())});
            input.remove_prefix(1);
            continue;
        }
        const auto packet = input.substr(0, length);
        stream.peer_sends(std::string{packet});
        input.remove_prefix(packet.size());
    }
}

} // namespace

Played play_session(const service::Service& service, std::string_view input) {
    constexpr unsigned router = 1, refuse = 2, breaks = 4;
    static const auto debian = debian_persona("web01"), gateway = router_persona("gw");
    static boost::asio::io_context io;
    const auto flags = input.empty() ? 0U : static_cast<std::uint8_t>(input.front());
    const auto call = input.size() < 2 ? 0U : static_cast<std::uint8_t>(input[1]);
    net::ScriptedStream stream;
    stream.set_turns(1);
    fill(stream, input.substr(std::min<std::size_t>(2, input.size())));
    if ((flags & breaks) != 0) stream.fail_call(call + 1, Fault::reset);
    Played played;
    FakeEvents events{stream, [&](const event::Event&) { ++played.events; }};
    FakeAuthenticator auth{events, "x"};
    FakeMachine machine{(flags & refuse) != 0};
    service::Session session{
        stream,      events, auth,        machine, (flags & router) != 0 ? gateway : debian,
        "192.0.2.1", 4711,   "192.0.2.2", 23,      60s,
        1800s};
    io.restart();
    boost::asio::co_spawn(io, service.serve(session),
                          [](const std::exception_ptr& thrown, const Result<void>&) {
                              if (thrown) std::rethrow_exception(thrown);
                          });
    io.run();
    played.written = stream.to_peer().size();
    return played;
}

} // namespace skep::tests
