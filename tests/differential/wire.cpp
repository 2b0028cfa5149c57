#include "wire.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace skep::tests {
namespace {

using Clock = std::chrono::steady_clock;

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

const sockaddr* plain(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

} // namespace

Wire::Wire(int port) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    const int on = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto address = loopback(port);
    if (::connect(socket_, plain(address), sizeof address) != 0)
        throw std::runtime_error{"cannot connect"};
}

Wire::~Wire() {
    ::close(socket_);
}

void Wire::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return; // its end is seen when reading
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void Wire::send_urgent(std::string_view bytes) {
    ::send(socket_, bytes.data(), bytes.size(), MSG_OOB | MSG_NOSIGNAL);
}

void Wire::send_end() {
    ::shutdown(socket_, SHUT_WR);
}

std::string Wire::collect(std::chrono::milliseconds quiet,
                          std::chrono::milliseconds longest,
                          std::size_t enough) {
    std::string bytes;
    const auto until = Clock::now() + longest;
    while (end_.empty() && Clock::now() < until) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
        const auto wait = bytes.size() < enough ? left : std::min(left, quiet);
        pollfd ready{.fd = socket_, .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, static_cast<int>(wait.count()) + 1) == 0) {
            if (bytes.size() >= enough) break;
            continue;
        }
        const bool marked = ::sockatmark(socket_) == 1;
        std::array<char, 4096> buffer;
        const auto count = ::recv(socket_, buffer.data(), marked ? 1 : buffer.size(), 0);
        if (count == 0) end_ = "eof";
        if (count < 0) end_ = errno == ECONNRESET ? "reset" : "error";
        if (count <= 0) break;
        if (marked) bytes += urgent_mark;
        bytes.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return bytes;
}

int listen_on_loopback(int& port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(socket, plain(address), sizeof address) != 0 || ::listen(socket, 64) != 0 ||
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error{"cannot listen"};
    port = ntohs(address.sin_port);
    return socket;
}

} // namespace skep::tests
