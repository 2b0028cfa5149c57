// How OpenSSH's sshd answers the opening of channels (serverloop.c, channels.c).
#include "base/bytes.hpp"
#include "service/ssh/connection_openssh.hpp"

#include <algorithm>

namespace skep::service::ssh {
namespace {

constexpr std::uint32_t port_max = 0xffff;

} // namespace

void OpensshConnection::on_open(Reader in) {
    const auto type = c_string(in);
    Opening opening;
    opening.remote_id = in.u32();
    opening.window = in.u32();
    opening.packet_max = in.u32();
    if (!type || !in.ok()) {
        refuse_message("ssh.bad_channel_open");
    } else if (*type == "session") {
        on_session_open(opening, in);
    } else if (*type == "direct-tcpip") {
        on_direct_tcpip(opening, in);
    } else if (*type == "direct-streamlocal@openssh.com") {
        on_direct_local(opening, in);
    } else if (*type == "tun@openssh.com") {
        on_tunnel(opening, in);
    } else {
        weird("ssh.channel_type", *type);
        open_failed(opening);
    }
}

void OpensshConnection::open_failed(const Opening& opening, OpenFailure reason) {
    send_open_failure(opening.remote_id, reason, "open failed");
}

void OpensshConnection::on_session_open(const Opening& opening, Reader& in) {
    if (!in.done()) {
        refuse_message("ssh.bad_channel_open");
        return;
    }
    if (no_more_sessions_) {
        weird("ssh.session_after_no_more");
        disconnect("Possible attack: attempt to open a session after additional sessions disabled");
        return;
    }
    auto* channel =
        sessions_ < sink_.profile().sessions_max ? add(Channel::Stage::larval) : nullptr;
    if (channel == nullptr) {
        open_failed(opening);
        return;
    }
    ++sessions_;
    channel->program = std::make_unique<ChannelProgram>(session_.events);
    channel->remote_id = opening.remote_id;
    channel->remote_window = opening.window;
    channel->remote_packet_max = opening.packet_max;
    channel->packet_max = openssh_packet_max; // and no window before there is a program
    send_confirmation(*channel);
}

void OpensshConnection::on_direct_tcpip(const Opening& opening, Reader& in) {
    const auto host = c_string(in);
    const auto port = in.u32();
    const auto origin = c_string(in);
    const auto origin_port = in.u32();
    if (!host || !origin || !in.done()) {
        refuse_message("ssh.bad_channel_open");
        return;
    }
    record_direct(*host, port, *origin, origin_port);
    if (port > port_max || origin_port > port_max || !may_open(*host, port)) {
        open_failed(opening, OpenFailure::administratively_prohibited);
        return;
    }
    auto* channel = add(Channel::Stage::connecting);
    if (channel == nullptr) {
        open_failed(opening);
        return;
    }
    channel->remote_id = opening.remote_id;
    channel->remote_window = opening.window;
    channel->remote_packet_max = opening.packet_max;
    channel->window = channel->window_max = openssh_window;
    channel->packet_max = openssh_packet_max;
    begin_forward(*channel, *host, port);
}

/// open_match()
bool OpensshConnection::may_open(std::string_view host, std::uint32_t port) const {
    if (!key_.port_forwarding) return false;
    return key_.permit_open.empty() || std::ranges::any_of(key_.permit_open, [&](const auto& one) {
               return (one.port == 0 || one.port == port) && (one.host == "*" || one.host == host);
           });
}

/// remote_open_match(). Both sides of a comparison are the peer's, and its cost is their product,
/// here in a process that others share: no name is that long, and nobody needs so many forwards.
bool OpensshConnection::may_listen(std::string_view host, std::uint32_t port) {
    constexpr std::size_t name_bytes_max = 255; // RFC 1035 section 2.3.4
    constexpr std::uint32_t comparisons_max = 32;
    if (key_.permit_listen.empty()) return true;
    if (host.size() > name_bytes_max || ++listen_comparisons_ > comparisons_max) {
        weird("ssh.permit_listen", host);
        return false;
    }
    const auto name = to_lower(host);
    return std::ranges::any_of(key_.permit_listen, [&](const auto& one) {
        return (one.port == 0 || one.port == port) && matches_pattern(one.host, name);
    });
}

/// There is no socket to connect to: "open failed", at once.
void OpensshConnection::on_direct_local(const Opening& opening, Reader& in) {
    const auto path = c_string(in);
    const auto origin = c_string(in);
    in.u32();
    if (!path || !origin || !in.done()) {
        refuse_message("ssh.bad_channel_open");
        return;
    }
    record_path("direct-streamlocal@openssh.com", *path);
    open_failed(opening);
}

/// PermitTunnel no.
void OpensshConnection::on_tunnel(const Opening& opening, Reader& in) {
    const auto mode = in.u32();
    if (!in.ok()) {
        refuse_message("ssh.bad_channel_open");
        return;
    }
    record_name("forward.request", "tun@openssh.com");
    constexpr std::uint32_t point_to_point = 1, ethernet = 2;
    const bool known = mode == point_to_point || mode == ethernet;
    send_debug(known ? "Server has rejected tunnel device forwarding"
                     : "Unsupported tunnel device mode.");
    open_failed(opening);
}

} // namespace skep::service::ssh
