#include "net/socket_options.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace skep::net {

namespace {

void set(int socket, int level, int option, int value) noexcept {
    ::setsockopt(socket, level, option, &value, sizeof value);
}

} // namespace

void set_sending(int socket, Sending sending) noexcept {
    set(socket, IPPROTO_TCP, TCP_NODELAY, sending.at_once ? 1 : 0);
    // An IPv6 socket has both: IPv4's counts for a peer whose address is mapped.
    set(socket, IPPROTO_IP, IP_TOS, sending.type_of_service);
    set(socket, IPPROTO_IPV6, IPV6_TCLASS, sending.type_of_service);
}

void set_options(int listening, const SocketOptions& options) noexcept {
    set_sending(listening, options.sending);
    set(listening, SOL_SOCKET, SO_KEEPALIVE, options.keep_alive ? 1 : 0);
    set(listening, SOL_SOCKET, SO_OOBINLINE, options.urgent_in_line ? 1 : 0);
}

} // namespace skep::net
