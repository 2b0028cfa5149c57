// Serves SSH's transport on loopback for real clients: every login with "none" succeeds, every
// channel prints "skep" and ends. Usage: ssh_transport_server PORT PROFILE; events go to stdout.
#include "service/ssh/wire.hpp"
#include "support/ssh_server.hpp"

#include <arpa/inet.h>
#include <array>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace skep;
using service::ssh::Msg;
using service::ssh::Reader;
using service::ssh::Writer;

namespace {

void send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::uint32_t channel = 0; ///< The client's number of it; there is one.

void open_channel(service::ssh::Transport& transport, std::string_view message) {
    Reader reader{message.substr(1)};
    reader.string();
    channel = reader.u32();
    transport.send(
        Writer{Msg::channel_open_confirmation}.u32(channel).u32(0).u32(1 << 20).u32(32768).bytes());
}

void run(service::ssh::Transport& transport, std::string_view message) {
    Reader reader{message.substr(1)};
    reader.u32();
    const auto kind = reader.string();
    const bool runs = kind == "exec" || kind == "shell";
    if (reader.boolean()) // dropbear's client wants no replies
        transport.send(
            Writer{runs ? Msg::channel_success : Msg::channel_failure}.u32(channel).bytes());
    if (!runs) return;
    transport.send(Writer{Msg::channel_data}.u32(channel).string("skep\n").bytes());
    transport.send(Writer{Msg::channel_request}
                       .u32(channel)
                       .string("exit-status")
                       .boolean(false)
                       .u32(0)
                       .bytes());
    transport.send(Writer{Msg::channel_close}.u32(channel).bytes());
}

void answer(service::ssh::Transport& transport, std::string_view message) {
    switch (static_cast<Msg>(message.front())) {
    case Msg::service_request:
        transport.send(Writer{Msg::service_accept}.string("ssh-userauth").bytes());
        return;
    case Msg::userauth_request:
        transport.send(Writer{Msg::userauth_success}.bytes());
        transport.authenticated();
        return;
    case Msg::channel_open: return open_channel(transport, message);
    case Msg::channel_request: return run(transport, message);
    case Msg::channel_close:
    case Msg::channel_eof:
    case Msg::channel_data:
    case Msg::channel_window_adjust:
    case Msg::global_request: return;
    default: transport.unimplemented();
    }
}

void serve(int socket, const service::ssh::Profile& profile) {
    tests::SshServer server{profile};
    auto& transport = server.transport;
    transport.start();
    std::string buffer(transport.read_bytes_max(), '\0');
    for (;;) {
        send_all(socket, server.take());
        if (transport.ending() != service::ssh::Ending::none) break;
        const auto count = ::recv(socket, buffer.data(), buffer.size(), 0);
        if (count <= 0) break;
        transport.receive(std::string_view{buffer}.substr(0, static_cast<std::size_t>(count)));
        while (const auto message = transport.next())
            answer(transport, *message);
    }
    if (transport.ending() == service::ssh::Ending::reset) {
        const linger now{1, 0};
        ::usleep(20000); // what was sent goes first
        ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    transport.end();
    ::close(socket);
    for (const auto& event : server.seen)
        std::cout << event::to_json(event) << std::endl;
}

} // namespace

int main(int argc, char** argv) {
    const auto* profile = argc == 3 ? service::ssh::find_profile(argv[2]) : nullptr;
    if (profile == nullptr) return 2;
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener, 64) != 0) {
        std::perror("listen");
        return 1;
    }
    tests::ssh_host_keys();
    std::signal(SIGCHLD, SIG_IGN);
    for (;;) {
        const int socket = ::accept(listener, nullptr, nullptr);
        if (socket < 0) return 1;
        if (::fork() == 0) {
            ::close(listener);
            serve(socket, *profile);
            std::_Exit(0);
        }
        ::close(socket);
    }
}
