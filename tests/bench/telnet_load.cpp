// A bounded load for the Telnet service on loopback: idle connections, hostile bytes, or whole
// login sessions.
//
//   telnet_load idle ADDRESS:PORT COUNT
//       holds COUNT connections at the login prompt until standard input ends
//   telnet_load hostile ADDRESS:PORT COUNT SEED
//       sends COUNT random, truncated or hostile byte sequences, one a connection
//   telnet_load login ADDRESS:PORT COUNT
//       logs in COUNT times, one after another
//
// Connections come from many addresses of 127.0.0.0/8, so that limits on one source do not hide the
// rest.
#include "net/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <random>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace skep;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int wait_ms = 20'000;
constexpr int between_ms = 200; ///< Between logins: no flood, which is another measurement.
constexpr std::uint32_t sources = 250;

/// A connection from the `n`th source address, or -1.
int connect_to(const net::Address& address, std::uint32_t n) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(0x7f010001U + n % sources * 256 + n / sources % sources);
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(address.port);
    ::inet_pton(AF_INET, address.host.c_str(), &peer.sin_addr);
    const int one = 1;
    ::setsockopt(socket, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &one, sizeof one);
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); // no waiting of our own
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0 &&
        ::connect(socket, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) == 0)
        return socket;
    ::close(socket);
    return -1;
}

bool send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

/// Refuses each option that `bytes` offers or asks for, as the peer must before a telnetd goes on.
/// A request that is cut in two at the end of a read stays unanswered: none here ever was.
void refuse_options(int socket, std::string_view bytes) {
    std::string answer;
    for (std::size_t i = 0; i + 2 < bytes.size(); ++i) {
        if (bytes[i] != '\xff') continue;
        if (bytes[i + 1] == '\xfd') answer.append("\xff\xfc").push_back(bytes[i + 2]);
        if (bytes[i + 1] == '\xfb') answer.append("\xff\xfe").push_back(bytes[i + 2]);
        i += 2;
    }
    send_all(socket, answer);
}

/// A client that delays its acknowledgements waits 40 ms for a server that, as telnetd, leaves
/// Nagle's algorithm on: that is not the server's time. The kernel forgets this after a while.
void acknowledge_at_once(int socket) {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

/// Reads until `wanted` has come, refusing all options. False at the end of the stream or after
/// `wait_ms`.
bool read_until(int socket, std::string& seen, std::string_view wanted) {
    const auto end = Clock::now() + std::chrono::milliseconds{wait_ms};
    while (seen.find(wanted) == std::string::npos) {
        acknowledge_at_once(socket);
        pollfd ready{socket, POLLIN, 0};
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) <= 0) return false;
        std::array<char, 4096> bytes{};
        const auto count = ::recv(socket, bytes.data(), bytes.size(), 0);
        if (count <= 0) return false;
        acknowledge_at_once(socket);
        seen.append(bytes.data(), static_cast<std::size_t>(count));
        refuse_options(socket, {bytes.data(), static_cast<std::size_t>(count)});
    }
    return true;
}

int idle(const net::Address& address, std::uint32_t count) {
    std::vector<int> sockets;
    std::uint32_t prompts = 0;
    for (std::uint32_t n = 0; n < count; ++n) {
        const int socket = connect_to(address, n);
        if (socket < 0) break;
        sockets.push_back(socket);
    }
    for (const int socket : sockets) {
        std::string seen;
        if (!read_until(socket, seen, "login: ")) break; // one that waits in vain is enough to know
        ++prompts;
    }
    fmt::print("{} connected, {} at the prompt\n", sockets.size(), prompts);
    std::fflush(stdout);
    std::string line;
    std::getline(std::cin, line);
    for (const int socket : sockets)
        ::close(socket);
    return prompts == count ? 0 : 1;
}

std::string hostile_bytes(std::mt19937_64& random) {
    static const std::vector<std::string> pieces{"\xff",
                                                 "\xff\xff",
                                                 "\xff\xfa",
                                                 "\xff\xf0",
                                                 "\xff\xfd",
                                                 "\xff\xfb\x63",
                                                 "\xff\xfa\x1f",
                                                 "\xff\xfa\x18\x00",
                                                 "\xff\xfa\x27",
                                                 "\xff\xf4",
                                                 "\xff\xf6",
                                                 "\r\n",
                                                 "\r\0",
                                                 "\n",
                                                 "\r",
                                                 "root",
                                                 "\x7f",
                                                 "\x15",
                                                 "\x04",
                                                 "\x03",
                                                 "\x1b[2J",
                                                 "%n%s",
                                                 "../../",
                                                 "'; --",
                                                 "<script>",
                                                 "\xe2\x80\xae",
                                                 std::string(300, 'A'),
                                                 std::string(5000, 'B'),
                                                 std::string(64, '\0'),
                                                 "USER",
                                                 "-f root"};
    std::string bytes;
    const auto parts = random() % 24;
    for (std::uint64_t i = 0; i < parts; ++i) {
        if (random() % 3 == 0) {
            const auto length = random() % 64;
            for (std::uint64_t j = 0; j < length; ++j)
                bytes += static_cast<char>(random());
        } else {
            bytes += pieces[random() % pieces.size()];
        }
    }
    return bytes;
}

int hostile(const net::Address& address, std::uint32_t count, std::uint64_t seed) {
    std::mt19937_64 random{seed};
    std::uint32_t connected = 0;
    for (std::uint32_t n = 0; n < count; ++n) {
        const int socket = connect_to(address, n);
        if (socket < 0) continue;
        ++connected;
        const auto bytes = hostile_bytes(random);
        send_all(socket, bytes);
        const auto end = random() % 4;
        if (end == 0) ::shutdown(socket, SHUT_WR);
        if (end == 1) {
            const linger reset{1, 0};
            ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        }
        if (end == 2) {
            pollfd ready{socket, POLLIN, 0};
            std::array<char, 4096> answer{};
            if (::poll(&ready, 1, 50) > 0) (void)::recv(socket, answer.data(), answer.size(), 0);
        }
        ::close(socket);
    }
    fmt::print("{} of {} sequences sent\n", connected, count);
    return connected == count ? 0 : 1;
}

void print_times(std::string_view what, std::vector<double>& times) {
    std::ranges::sort(times);
    if (times.empty()) return;
    fmt::print("{} {}, ms from password to prompt: best {:.1f}, median {:.1f}, p95 {:.1f}, "
               "worst {:.1f}\n",
               times.size(), what, times.front(), times[times.size() / 2],
               times[times.size() * 95 / 100], times.back());
}

/// Each source comes twice, so that every second login finds its cell.
int login(const net::Address& address, std::uint32_t count) {
    std::array<std::vector<double>, 2> times;
    for (std::uint32_t n = 0; n < count; ++n) {
        const int socket = connect_to(address, n / 2);
        std::string seen;
        bool ok = socket >= 0 && read_until(socket, seen, "login: ") &&
                  send_all(socket, "root\r\n") && read_until(socket, seen, "assword: ") &&
                  send_all(socket, "secret\r\n");
        const auto start = Clock::now();
        ok = ok && read_until(socket, seen, "# ");
        const std::chrono::duration<double, std::milli> took = Clock::now() - start;
        if (ok) times[n % 2].push_back(took.count());
        std::string rest;
        if (ok && send_all(socket, "exit\r\n")) read_until(socket, rest, "never sent");
        if (socket >= 0) ::close(socket);
        std::this_thread::sleep_for(std::chrono::milliseconds{between_ms});
    }
    const auto done = times[0].size() + times[1].size();
    print_times("logins of new sources", times[0]);
    print_times("logins of known sources", times[1]);
    return done == count ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() < 3) return 2;
    const rlimit many{65536, 65536};
    ::setrlimit(RLIMIT_NOFILE, &many);
    const auto address = net::parse_address(words[1]);
    if (!address) return 2;
    const auto count = static_cast<std::uint32_t>(std::strtoul(words[2].c_str(), nullptr, 10));
    if (words[0] == "idle") return idle(*address, count);
    if (words[0] == "hostile")
        return hostile(*address, count,
                       words.size() > 3 ? std::strtoull(words[3].c_str(), nullptr, 10) : 1);
    if (words[0] == "login") return login(*address, count);
    return 2;
}
