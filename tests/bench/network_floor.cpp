// The floor of what the kernel takes for one SSH connection: the packets of a handshake whose
// `none` is refused, and of one password, over loopback and without any cryptography or record.
// Processor time of the serving thread.
//
// Usage: network_floor [CONNECTIONS]
#include <fmt/format.h>

#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <ctime>
#include <netinet/in.h>
#include <span>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

/// Bytes of one turn: the peer's, then the server's.
struct Turn {
    std::size_t asked;
    std::size_t answered;
};

// The server speaks first; then identification and KEXINIT, the exchange, NEWKEYS with the service,
// and the requests of a login.
constexpr std::size_t greeting_bytes = 41;
constexpr std::array handshake{Turn{20, 1136}, Turn{208, 208}, Turn{100, 64}, Turn{80, 80}};
constexpr std::array login{Turn{20, 1136}, Turn{208, 208}, Turn{100, 64}, Turn{80, 80},
                           Turn{112, 48}};

double processor_milliseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void must(bool good) {
    if (!good) std::abort();
}

void read_all(int socket, std::size_t count) {
    std::array<char, 4096> room{};
    while (count > 0) {
        const auto size = ::recv(socket, room.data(), std::min(count, room.size()), 0);
        must(size > 0);
        count -= static_cast<std::size_t>(size);
    }
}

void send_all(int socket, std::size_t count) {
    static const std::array<char, 4096> bytes{};
    must(::send(socket, bytes.data(), count, MSG_NOSIGNAL) == static_cast<ssize_t>(count));
}

void call(const sockaddr_in& address, std::span<const Turn> turns) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    read_all(socket, greeting_bytes);
    for (const auto& turn : turns) {
        send_all(socket, turn.asked);
        read_all(socket, turn.answered);
    }
    ::close(socket);
}

/// One connection, as an event loop serves it: a wait before each read.
void serve(int listening, int waits, std::span<const Turn> turns) {
    epoll_event event{};
    const int socket = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
    must(socket >= 0);
    event.events = EPOLLIN;
    must(::epoll_ctl(waits, EPOLL_CTL_ADD, socket, &event) == 0);
    send_all(socket, greeting_bytes);
    for (const auto& turn : turns) {
        must(::epoll_wait(waits, &event, 1, -1) == 1);
        read_all(socket, turn.asked);
        send_all(socket, turn.answered);
    }
    must(::epoll_wait(waits, &event, 1, -1) == 1);
    char end = 0;
    must(::recv(socket, &end, 1, 0) == 0);
    ::close(socket);
}

double measure(std::size_t connections, std::span<const Turn> turns) {
    const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int waits = ::epoll_create1(EPOLL_CLOEXEC);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    must(::bind(listening, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
         ::listen(listening, 1) == 0 &&
         ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    // A process of its own, as a real peer's: each switch changes the address space.
    const auto peer = ::fork();
    must(peer >= 0);
    if (peer == 0) {
        for (std::size_t i = 0; i < connections; ++i)
            call(address, turns);
        ::_exit(0);
    }
    const auto start = processor_milliseconds();
    for (std::size_t i = 0; i < connections; ++i)
        serve(listening, waits, turns);
    const auto each = (processor_milliseconds() - start) / static_cast<double>(connections);
    must(::waitpid(peer, nullptr, 0) == peer);
    ::close(listening);
    ::close(waits);
    return each;
}

} // namespace

int main(int argc, char** argv) {
    const std::size_t connections = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 2000;
    fmt::print("network floor, none refused: {:.3f} ms\n", measure(connections, handshake));
    fmt::print("network floor, one password: {:.3f} ms\n", measure(connections, login));
    return 0;
}
