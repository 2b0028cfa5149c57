// A bounded load for an SSH server on loopback: curve25519-sha256, ssh-ed25519, aes128-ctr and
// hmac-sha2-256, one connection after another, or many that stay.
//
//   ssh_load none  ADDRESS:PORT COUNT USER PASSWORD    handshake, "none" is refused, end
//   ssh_load login ADDRESS:PORT COUNT USER PASSWORD    handshake, one password, end
//   ssh_load exec  ADDRESS:PORT COUNT USER PASSWORD    the same and `uname -a`, until its channel
//                                                      closes
//   ssh_load idle  ADDRESS:PORT COUNT USER PASSWORD    holds COUNT connections before
//                                                      authentication until standard input ends
//   ssh_load shell ADDRESS:PORT COUNT USER PASSWORD    the same with a shell on a terminal each
//
// It prints how many came through and their times. `SKEP_BENCH_SOURCES=N` spreads the connections
// over N addresses of 127.0.0.0/8 (1).
#include "net/address.hpp"
#include "service/ssh/wire.hpp"
#include "support/ssh_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

using namespace skep;
using namespace skep::service::ssh;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int wait_ms = 20'000;
constexpr std::uint32_t sources_per_block = 200;

struct Load {
    net::Address address;
    std::uint32_t count = 0, sources = 1;
    std::string user, password;
};

/// One connection, whose answers are waited for. `good` says whether all came.
class Peer {
  public:
    Peer(const Load& load, std::uint32_t number)
        : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        const auto n = number % load.sources;
        sockaddr_in own{};
        own.sin_family = AF_INET;
        own.sin_addr.s_addr =
            htonl(0x7f020001U + n / sources_per_block * 256 + n % sources_per_block);
        sockaddr_in peer{};
        peer.sin_family = AF_INET;
        peer.sin_port = htons(load.address.port);
        ::inet_pton(AF_INET, load.address.host.c_str(), &peer.sin_addr);
        const int one = 1;
        ::setsockopt(socket_, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &one, sizeof one);
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        good = ::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0 &&
               ::connect(socket_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) == 0;
    }

    ~Peer() { ::close(socket_); }

    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    void send(std::string_view bytes) {
        while (good && !bytes.empty()) {
            const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            good = count > 0;
            if (good) bytes.remove_prefix(static_cast<std::size_t>(count));
        }
    }

    void say(const Writer& message) { send(client_.seal(message.bytes())); }

    /// Key exchange, then the service of authentication.
    void begin() {
        send(client_.hello());
        send(client_.begin());
        std::string answer;
        while (good && (answer = client_.finish()).empty())
            read();
        send(answer);
        say(Writer{Msg::service_request}.string("ssh-userauth"));
        wait_for(Msg::service_accept);
    }

    /// Whether the server lets us in.
    bool authenticate(const Load& load, std::string_view method) {
        Writer request{Msg::userauth_request};
        request.string(load.user).string("ssh-connection").string(method);
        if (method == "password") request.boolean(false).string(load.password);
        say(request);
        return wait_for(Msg::userauth_success, Msg::userauth_failure) == Msg::userauth_success;
    }

    /// Our channel 0 and the server's, which is 0 too.
    void open_session() {
        say(Writer{Msg::channel_open}.string("session").u32(0).u32(1U << 20U).u32(1U << 15U));
        wait_for(Msg::channel_open_confirmation);
    }

    Writer request(std::string_view type, bool want_reply) {
        return std::move(Writer{Msg::channel_request}.u32(0).string(type).boolean(want_reply));
    }

    /// Until one of two messages has come; says which.
    Msg wait_for(Msg first, Msg second = Msg::disconnect) {
        while (good) {
            while (const auto message = client_.next()) {
                const auto type = static_cast<Msg>(message->front());
                if (type == first || type == second) return type;
            }
            read();
        }
        return Msg::disconnect;
    }

    bool good = false;

  private:
    void read() {
        pollfd ready{socket_, POLLIN, 0};
        good = good && ::poll(&ready, 1, wait_ms) > 0;
        if (!good) return;
        std::array<char, 16384> bytes{};
        const auto count = ::recv(socket_, bytes.data(), bytes.size(), 0);
        good = count > 0;
        if (good) client_.receive({bytes.data(), static_cast<std::size_t>(count)});
    }

    int socket_;
    tests::SshClient client_;
};

void none(Peer& peer, const Load& load) {
    peer.authenticate(load, "none");
}

void log_in(Peer& peer, const Load& load) {
    peer.good = peer.authenticate(load, "password") && peer.good;
}

void exec(Peer& peer, const Load& load) {
    log_in(peer, load);
    peer.open_session();
    peer.say(peer.request("exec", true).string("uname -a"));
    peer.wait_for(Msg::channel_close);
    peer.say(Writer{Msg::channel_close}.u32(0));
}

void shell(Peer& peer, const Load& load) {
    log_in(peer, load);
    peer.open_session();
    auto terminal = peer.request("pty-req", true);
    peer.say(
        terminal.string("xterm").u32(80).u32(24).u32(0).u32(0).string(std::string_view{"\0", 1}));
    peer.wait_for(Msg::channel_success);
    peer.say(peer.request("shell", true));
    peer.wait_for(Msg::channel_data);
}

int repeat(const Load& load, const std::function<void(Peer&, const Load&)>& run) {
    std::vector<double> times;
    for (std::uint32_t n = 0; n < load.count; ++n) {
        const auto start = Clock::now();
        Peer peer{load, n};
        peer.begin();
        run(peer, load);
        const std::chrono::duration<double, std::milli> took = Clock::now() - start;
        if (peer.good) times.push_back(took.count());
    }
    std::ranges::sort(times);
    const auto at = [&times](std::size_t percent) {
        return times.empty() ? 0 : times[(times.size() - 1) * percent / 100];
    };
    fmt::print("{} of {}, ms each: best {:.1f}, median {:.1f}, worst {:.1f}\n", times.size(),
               load.count, at(0), at(50), at(100));
    return times.size() == load.count ? 0 : 1;
}

int hold(const Load& load, const std::function<void(Peer&, const Load&)>& run) {
    std::vector<std::unique_ptr<Peer>> peers;
    for (std::uint32_t n = 0; n < load.count; ++n) {
        auto peer = std::make_unique<Peer>(load, n);
        peer->begin();
        run(*peer, load);
        if (!peer->good) break; // one that waits in vain is enough to know
        peers.push_back(std::move(peer));
    }
    fmt::print("{} of {} are there\n", peers.size(), load.count);
    std::fflush(stdout);
    std::string line;
    std::getline(std::cin, line);
    return peers.size() == load.count ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() != 5) return 2;
    const rlimit many{65536, 65536};
    ::setrlimit(RLIMIT_NOFILE, &many);
    const auto address = net::parse_address(words[1]);
    if (!address) return 2;
    Load load{.address = *address, .user = words[3], .password = words[4]};
    load.count = static_cast<std::uint32_t>(std::strtoul(words[2].c_str(), nullptr, 10));
    if (const char* sources =
            std::getenv("SKEP_BENCH_SOURCES")) // NOLINT(concurrency-mt-unsafe): one thread
        load.sources = std::max(1U, static_cast<std::uint32_t>(std::strtoul(sources, nullptr, 10)));
    if (words[0] == "none") return repeat(load, none);
    if (words[0] == "login") return repeat(load, log_in);
    if (words[0] == "exec") return repeat(load, exec);
    if (words[0] == "idle") return hold(load, [](Peer&, const Load&) {});
    if (words[0] == "shell") return hold(load, shell);
    return 2;
}
