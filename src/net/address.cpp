#include "net/address.hpp"

#include "net/tcp_stream.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace skep::net {
namespace {

constexpr int backlog = 4096;

std::unexpected<Error> wrong(const std::string& text) {
    return fail(
        Fault::refused,
        fmt::format("`{}` is no address; it must be like `127.0.0.1:23`, `0.0.0.0:23` or `[::]:23`",
                    text));
}

/// Fills `storage` from a literal; its size, or 0 if it is none.
socklen_t fill(const Address& address, sockaddr_storage& storage) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    if (::inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(address.port);
        return sizeof v4;
    }
    storage = {};
    if (::inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr) != 1) return 0;
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    return sizeof v6;
}

} // namespace

Result<Address> parse_address(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0) return wrong(text);
    Address address;
    address.host = text.substr(0, colon);
    if (address.host.starts_with('[') && address.host.ends_with(']'))
        address.host = address.host.substr(1, address.host.size() - 2);
    else if (address.host.find(':') != std::string::npos)
        return wrong(text);
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
    if (error != std::errc{} || stop != end) return wrong(text);
    sockaddr_storage storage{};
    if (fill(address, storage) == 0) return wrong(text);
    return address;
}

std::string to_text(const Address& address) {
    const bool v6 = address.host.find(':') != std::string::npos;
    return fmt::format("{}{}{}:{}", v6 ? "[" : "", address.host, v6 ? "]" : "", address.port);
}

Result<int> listen_on(const Address& address) {
    sockaddr_storage storage{};
    const socklen_t size = fill(address, storage);
    if (size == 0) return wrong(to_text(address));
    const int socket = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    bool ok = socket >= 0 && ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
    ok = ok && ::bind(socket, reinterpret_cast<const sockaddr*>(&storage), size) == 0;
    ok = ok && ::listen(socket, backlog) == 0;
    if (ok) return socket;
    const int error = errno;
    if (socket >= 0) ::close(socket);
    return fail(Fault::refused,
                fmt::format("cannot listen on {}: {}", to_text(address),
                            std::strerror(error))); // NOLINT(concurrency-mt-unsafe): one thread
}

Result<Address> bound_address(int socket) {
    const auto ends = endpoints_of(socket);
    if (ends.own_ip.empty()) return fail(Fault::refused, "no bound address");
    Address address;
    address.host = ends.own_ip;
    address.port = ends.own_port;
    return address;
}

} // namespace skep::net
