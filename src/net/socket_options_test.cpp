#include "net/socket_options.hpp"

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace skep;

namespace {

int value_of(int socket, int level, int option) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(socket, level, option, &value, &size) == 0 ? value : -1;
}

} // namespace

TEST_CASE("a connection has its listening socket's options until others are set") {
    const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int peer = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listening, any, size) == 0);
    REQUIRE(::getsockname(listening, any, &size) == 0);
    REQUIRE(::listen(listening, 1) == 0);
    net::set_options(listening, {.sending = {.type_of_service = 0x48, .at_once = true},
                                 .keep_alive = true,
                                 .urgent_in_line = true});
    REQUIRE(::connect(peer, any, size) == 0);
    const int accepted = ::accept(listening, nullptr, nullptr);
    REQUIRE(accepted >= 0);
    CHECK(value_of(accepted, IPPROTO_IP, IP_TOS) == 0x48);
    CHECK(value_of(accepted, IPPROTO_TCP, TCP_NODELAY) == 1);
    CHECK(value_of(accepted, SOL_SOCKET, SO_KEEPALIVE) == 1);
    CHECK(value_of(accepted, SOL_SOCKET, SO_OOBINLINE) == 1);
    net::set_sending(accepted, {});
    CHECK(value_of(accepted, IPPROTO_IP, IP_TOS) == 0);
    CHECK(value_of(accepted, IPPROTO_TCP, TCP_NODELAY) == 0);
    CHECK(value_of(accepted, SOL_SOCKET, SO_KEEPALIVE) == 1);
    for (const int socket : {accepted, peer, listening})
        ::close(socket);
}
