// How OpenSSH's sshd answers global requests (serverloop.c): AllowTcpForwarding and
// AllowStreamLocalForwarding yes, GatewayPorts no. It "listens", and nothing ever comes.
#include "base/crypto/random.hpp"
#include "base/crypto/ssh_key.hpp"
#include "service/ssh/connection_openssh.hpp"

#include <algorithm>
#include <array>

namespace skep::service::ssh {
namespace {

constexpr std::uint32_t port_number_max = 0x7fffffff; // INT_MAX
constexpr std::uint32_t port_mask = 0xffff;
constexpr std::size_t host_bytes_max = 1024; // NI_MAXHOST less the NUL
constexpr std::size_t path_bytes_max = 108;  // sun_path
constexpr std::uint32_t privileged = 1024;

/// A free port as the kernel gives one: net.ipv4.ip_local_port_range.
std::uint32_t free_port() {
    return 32768 + static_cast<std::uint32_t>(crypto::random_below(28232));
}

} // namespace

void OpensshConnection::send_debug(std::string_view text) {
    if (compat_.no_debug) return;
    Writer debug{Msg::debug};
    debug.boolean(false).string(text).string("");
    sink_.send(debug.bytes());
}

/// notify_hostkeys() of sshd.c: all keys, in the order of HostKey's default.
void OpensshConnection::announce_host_keys() {
    if (compat_.no_host_keys || session_.host_keys.empty()) return;
    constexpr auto order =
        std::to_array<std::string_view>({"ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519"});
    Writer request{Msg::global_request};
    request.string("hostkeys-00@openssh.com").boolean(false);
    for (const auto type : order)
        for (const auto& key : session_.host_keys)
            if (key.type() == type) request.string(key.blob());
    sink_.send(request.bytes());
}

void OpensshConnection::on_global_request(Reader in) {
    const auto type = c_string(in);
    const bool want_reply = in.boolean();
    if (!type || !in.ok()) {
        refuse_message("ssh.bad_global_request");
        return;
    }
    const auto answer = global_request(*type, in, want_reply);
    if (!answer || !want_reply) return;
    Writer reply{answer->success ? Msg::request_success : Msg::request_failure};
    if (answer->success) reply.raw(answer->data);
    sink_.send(reply.bytes());
}

std::optional<OpensshConnection::Answer>
OpensshConnection::global_request(std::string_view type, Reader& in, bool want_reply) {
    if (type == "tcpip-forward") return listen_tcp(in, want_reply);
    if (type == "cancel-tcpip-forward") return cancel_tcp(in);
    if (type == "streamlocal-forward@openssh.com") return listen_local(in);
    if (type == "cancel-streamlocal-forward@openssh.com") return cancel_local(in);
    if (type == "hostkeys-prove-00@openssh.com") return prove_host_keys(in);
    if (type == "no-more-sessions@openssh.com") {
        no_more_sessions_ = true;
        return Answer{.success = true, .data = {}};
    }
    weird("ssh.global_request", type);
    return Answer{};
}

std::optional<OpensshConnection::Answer> OpensshConnection::listen_tcp(Reader& in,
                                                                       bool want_reply) {
    const auto host = c_string(in);
    const auto port = in.u32();
    if (!host || !in.ok()) {
        refuse_message("ssh.bad_global_request");
        return std::nullopt;
    }
    record_forward("tcpip-forward", *host, port);
    if (port > port_number_max || !key_.port_forwarding || (!want_reply && port == 0)) {
        send_debug("Server has disabled port forwarding.");
        return Answer{};
    }
    if (!may_listen(*host, port)) {
        send_debug("port forwarding refused");
        return Answer{};
    }
    std::uint32_t allocated = 0;
    Answer answer{.success = bind_tcp(*host, port, allocated), .data = {}};
    if (allocated != 0) {
        Writer number;
        number.u32(allocated);
        answer.data = std::move(number).take();
    }
    return answer;
}

/// channel_setup_fwd_listener_tcpip() with GatewayPorts no: loopback only, in both families unless
/// one of its addresses is named.
bool OpensshConnection::bind_tcp(std::string_view host,
                                 std::uint32_t port,
                                 std::uint32_t& allocated) {
    if (host.size() > host_bytes_max) return false;
    const auto number = port & port_mask; // what remains in a sockaddr
    if (number != 0 && number < privileged && !is_root()) return false;
    if (port == 0) allocated = free_port();
    const auto bound = port == 0 ? allocated : port;
    bool listens = false;
    for (const std::string_view address : {"::1", "127.0.0.1"}) {
        const auto other = address == "::1" ? "127.0.0.1" : "::1";
        if (host == other || port_taken(address, number)) continue;
        auto* listener = add_listener(ChannelListener::Kind::tcp, host, bound);
        if (listener == nullptr) continue;
        listener->bound = address;
        listens = true;
    }
    return listens;
}

bool OpensshConnection::port_taken(std::string_view address, std::uint32_t port) const {
    if (port == 0) return false;
    if (port == session_.dst_port) return true; // sshd itself listens there
    return std::ranges::any_of(channels_, [&](const auto& channel) {
        return channel && channel->listener &&
               channel->listener->kind == ChannelListener::Kind::tcp &&
               channel->listener->bound == address && (channel->listener->port & port_mask) == port;
    });
}

ChannelListener* OpensshConnection::add_listener(ChannelListener::Kind kind,
                                                 std::string_view address,
                                                 std::uint32_t port) {
    auto* channel = add(Channel::Stage::listening);
    if (channel == nullptr) return nullptr;
    channel->listener = std::make_unique<ChannelListener>();
    channel->listener->kind = kind;
    channel->listener->address = address;
    channel->listener->port = port;
    return channel->listener.get();
}

bool OpensshConnection::remove_listeners(ChannelListener::Kind kind,
                                         std::string_view address,
                                         std::uint32_t port) {
    bool found = false;
    for (auto& channel : channels_) {
        if (!channel || !channel->listener || channel->listener->kind != kind) continue;
        if (channel->listener->address != address || channel->listener->port != port) continue;
        channel.reset();
        found = true;
    }
    return found;
}

std::optional<OpensshConnection::Answer> OpensshConnection::cancel_tcp(Reader& in) {
    const auto host = c_string(in);
    const auto port = in.u32();
    if (!host || !in.ok()) {
        refuse_message("ssh.bad_global_request");
        return std::nullopt;
    }
    record_forward("cancel-tcpip-forward", *host, port);
    if (port > port_number_max) return Answer{};
    // It compares with the number cut to 16 bits.
    const bool found = remove_listeners(ChannelListener::Kind::tcp, *host, port & port_mask);
    return Answer{.success = found, .data = {}};
}

std::optional<OpensshConnection::Answer> OpensshConnection::listen_local(Reader& in) {
    const auto path = c_string(in);
    if (!path) {
        refuse_message("ssh.bad_global_request");
        return std::nullopt;
    }
    record_path("streamlocal-forward@openssh.com", *path);
    if (!key_.port_forwarding) {
        send_debug("Server has disabled streamlocal forwarding.");
        return Answer{};
    }
    if (path->empty() || path->size() > path_bytes_max) return Answer{};
    const bool taken = std::ranges::any_of(channels_, [&](const auto& channel) {
        return channel && channel->listener &&
               channel->listener->kind == ChannelListener::Kind::local &&
               channel->listener->address == *path;
    });
    const bool listens = !taken && add_listener(ChannelListener::Kind::local, *path, 0) != nullptr;
    return Answer{.success = listens, .data = {}};
}

std::optional<OpensshConnection::Answer> OpensshConnection::cancel_local(Reader& in) {
    const auto path = c_string(in);
    if (!path) {
        refuse_message("ssh.bad_global_request");
        return std::nullopt;
    }
    record_path("cancel-streamlocal-forward@openssh.com", *path);
    return Answer{.success = remove_listeners(ChannelListener::Kind::local, *path, 0), .data = {}};
}

/// OpenSSH's PROTOCOL section 2.5: a signature for each key that the client names, in its order.
std::optional<OpensshConnection::Answer> OpensshConnection::prove_host_keys(Reader& in) {
    Writer signatures;
    while (in.left() > 0) {
        const auto blob = in.string();
        if (!in.ok()) return Answer{};
        const auto key = std::ranges::find(session_.host_keys, blob, &crypto::HostKey::blob);
        if (key == session_.host_keys.end()) {
            weird("ssh.unknown_host_key");
            return Answer{};
        }
        Writer data;
        data.string("hostkeys-prove-00@openssh.com").string(sink_.session_id()).string(blob);
        const bool rsa = key->type() == "ssh-rsa";
        signatures.string(key->sign(rsa ? sink_.rsa_algorithm() : key->type(), data.bytes()));
    }
    return Answer{.success = true, .data = std::move(signatures).take()};
}

} // namespace skep::service::ssh
