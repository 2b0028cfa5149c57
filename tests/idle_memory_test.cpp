// What a connection that sits at the login prompt costs, as limits promise: at most 3 KiB of user
// memory, stream, service and coroutine frames together. The heap is asked, so sanitizers skip it.
#include "net/deadlines.hpp"
#include "net/tcp_stream.hpp"
#include "support/session_fakes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <deque>
#include <iostream>
#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace skep;
using namespace std::chrono_literals;

namespace {

constexpr int connections = 400; // two descriptors each
[[maybe_unused]] constexpr std::size_t bytes_max = 3072;
constexpr std::string_view refusals =
    "\xff\xfc\x25\xff\xfc\x18\xff\xfc\x20\xff\xfc\x23\xff\xfc\x27\xff\xfc\x24\xff\xfe\x26";
constexpr std::string_view more_refusals = "\xff\xfc\x01\xff\xfc\x1f\xff\xfc\x21\xff\xfc\x22";

Task<void> serve_one(boost::asio::io_context& io,
                     int socket,
                     net::Deadlines& deadlines,
                     service::Events& events,
                     service::Authenticator& auth,
                     const persona::Persona& persona) {
    static tests::FakeMachine machine;
    net::TcpStream stream{io, socket, deadlines};
    service::Session session{stream, events,      auth, machine, persona, "192.0.2.1",
                             4711,   "192.0.2.2", 23,   60s,     1800s};
    const auto ended = co_await service::find("telnet")->serve(session);
    static_cast<void>(ended.has_value());
}

void send(int socket, std::string_view bytes) {
    if (::send(socket, bytes.data(), bytes.size(), 0) < 0) std::perror("send");
}

/// Bytes of heap for each connection at the prompt of `persona`'s server.
[[maybe_unused]] std::size_t measure(const persona::Persona& persona, bool& prompted) {
    boost::asio::io_context io;
    net::Deadlines deadlines{io};
    tests::FakeEvents events{system_clock(), {}};
    tests::FakeAuthenticator auth{events, "x"};
    std::deque<int> peers;
    const auto connect = [&](int count) {
        for (int i = 0; i < count; ++i) {
            std::array<int, 2> ends{};
            if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) std::perror("socketpair");
            peers.push_back(ends[1]);
            boost::asio::co_spawn(io, serve_one(io, ends[0], deadlines, events, auth, persona),
                                  boost::asio::detached);
        }
        for (const auto part : {refusals, more_refusals}) {
            io.poll();
            for (const int peer : peers)
                send(peer, part);
            io.poll();
        }
        std::string greeting(4096, '\0');
        for (const int peer : peers) {
            const auto got = ::recv(peer, greeting.data(), greeting.size(), MSG_DONTWAIT);
            const std::string_view text{greeting.data(),
                                        static_cast<std::size_t>(std::max(got, 0L))};
            prompted = prompted && text.find("login: ") != std::string_view::npos;
        }
    };
    connect(1); // tables that are made once
    const auto before = ::mallinfo2().uordblks;
    peers.clear();
    connect(connections);
    const auto after = ::mallinfo2().uordblks;
    for (const int peer : peers)
        ::close(peer);
    io.poll();
    return (after - before) / connections;
}

} // namespace

int main() {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SKEP_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(SKEP_SANITIZED)
    std::cout << "skipped: a sanitizer's heap says nothing\n";
    return 77;
#else
    bool good = true;
    for (const auto& persona : {tests::debian_persona("web01"), tests::router_persona("gw")}) {
        bool prompted = true;
        const auto bytes = measure(persona, prompted);
        std::cout << persona.telnet_server << ": " << bytes << " bytes a connection at the prompt"
                  << (prompted ? "" : ", but there was no prompt") << '\n';
        good = good && prompted && bytes <= bytes_max;
    }
    return good ? 0 : 1;
#endif
}
