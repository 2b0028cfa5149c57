// What OpenSSH's sshd does with the messages of channels. Those that it cannot read end it: some
// with a message, others with fatal().
#include "service/ssh/connection_openssh.hpp"

#include <utility>

namespace skep::service::ssh {
namespace {

constexpr std::uint32_t id_max = 0x7fffffff; // INT_MAX

} // namespace

std::unique_ptr<Connection>
make_openssh_connection(Session& session, MessageSink& sink, Programs& programs, Login login) {
    return std::make_unique<OpensshConnection>(session, sink, programs, std::move(login));
}

OpensshConnection::OpensshConnection(Session& session,
                                     MessageSink& sink,
                                     Programs& programs,
                                     Login login)
    : ConnectionBase{session, sink, programs,
                     Login{std::move(login.username), std::move(login.key), {}}},
      compat_{compat_of(sink.client_identification())} {
    announce_host_keys();
    for (const auto& note : login.notes) // auth_debug_send()
        send_debug(note);
}

void OpensshConnection::receive(std::string_view payload) {
    if (ended_ || payload.empty()) return;
    const Reader in{payload.substr(1)};
    switch (static_cast<Msg>(payload.front())) {
    case Msg::global_request: on_global_request(in); return;
    case Msg::channel_open: on_open(in); return;
    case Msg::channel_open_confirmation: on_open_reply(in, true); return;
    case Msg::channel_open_failure: on_open_reply(in, false); return;
    case Msg::channel_window_adjust: on_adjust(in); return;
    case Msg::channel_data: on_data(in); return;
    case Msg::channel_extended_data: on_extended_data(in); return;
    case Msg::channel_eof: on_eof(in); return;
    case Msg::channel_close: on_close(in); return;
    case Msg::channel_request: on_channel_request(in); return;
    case Msg::request_success:
    case Msg::request_failure:
    case Msg::channel_success:
    case Msg::channel_failure: return; // answers to a keepalive, as far as sshd knows
    default: break;
    }
    weird("ssh.unimplemented", payload.substr(0, 1));
    sink_.unimplemented();
}

Channel* OpensshConnection::look_up(std::uint32_t id) noexcept {
    auto* channel = find(id);
    return channel != nullptr && channel->listener == nullptr ? channel : nullptr;
}

Channel* OpensshConnection::channel_of(Reader& in, std::string_view what) {
    const auto id = in.u32();
    const std::string name{what};
    if (!in.ok()) {
        disconnect("Invalid " + name + " message");
    } else if (id > id_max) {
        disconnect("Invalid " + name + " channel id");
    } else if (auto* channel = look_up(id)) {
        return channel;
    } else {
        disconnect(name + " packet referred to nonexistent channel " + std::to_string(id));
    }
    weird("ssh.unknown_channel", what);
    return nullptr;
}

void OpensshConnection::on_data(Reader in) {
    auto* channel = channel_of(in, "data");
    if (channel == nullptr || channel->stage != Channel::Stage::open) return;
    const auto data = in.string();
    if (!in.done()) {
        refuse_message("ssh.bad_channel_data");
        return;
    }
    const auto size = static_cast<std::uint32_t>(data.size());
    if (channel->from_peer != Channel::Half::open) {
        // It counts as read, so that the peer is not stopped by a window that stays shut.
        channel->window -= size;
        channel->consumed += size;
        return;
    }
    if (size > channel->packet_max || size > channel->window) {
        weird(size > channel->packet_max ? "ssh.big_packet" : "ssh.beyond_window",
              data.substr(0, 64));
        return;
    }
    if (!take_data(*channel, data)) fail_input(*channel); // it writes to a connection that is reset
}

void OpensshConnection::on_extended_data(Reader in) {
    auto* channel = channel_of(in, "extended data");
    if (channel == nullptr || channel->stage != Channel::Stage::open) return;
    if (channel->eof_received) {
        weird("ssh.data_after_eof");
        disconnect("Received extended_data after EOF on channel " + std::to_string(channel->id) +
                   ".");
        return;
    }
    in.u32();
    if (in.ok())
        weird("ssh.extended_data", in.rest().substr(0, 64)); // no channel of a server takes it
    else
        disconnect("Invalid extended_data message");
}

void OpensshConnection::on_eof(Reader in) {
    auto* channel = channel_of(in, "ieof");
    if (channel == nullptr) return;
    if (!in.done()) {
        disconnect("Invalid ieof message");
        return;
    }
    channel->eof_received = true;
    if (channel->from_peer == Channel::Half::open) channel->from_peer = Channel::Half::draining;
    drain(*channel);
}

void OpensshConnection::on_close(Reader in) {
    auto* channel = channel_of(in, "oclose");
    if (channel == nullptr) return;
    if (!in.done()) {
        disconnect("Invalid oclose message");
        return;
    }
    channel->close_received = true;
    if (channel->stage == Channel::Stage::larval) {
        channel->from_peer = channel->to_peer = Channel::Half::closed;
        return;
    }
    if (channel->from_peer == Channel::Half::open) channel->from_peer = Channel::Half::draining;
    if (channel->to_peer == Channel::Half::draining && !channel->close_sent) {
        send_plain(Msg::channel_eof, *channel);
    }
    channel->to_peer = Channel::Half::closed;
    tell_room(*channel);
}

void OpensshConnection::on_adjust(Reader in) {
    const auto id = in.u32();
    if (!in.ok() || id > id_max) {
        disconnect(in.ok() ? "Invalid window adjust channel id" : "Invalid window adjust message");
        return;
    }
    auto* channel = look_up(id);
    if (channel == nullptr) return; // "Received window adjust for non-open channel"
    const auto more = in.u32();
    if (!in.done()) {
        disconnect("Invalid window adjust message");
        return;
    }
    if (channel->remote_window + more < channel->remote_window) {
        refuse_message("ssh.window_overflow");
        return;
    }
    channel->remote_window += more;
    tell_room(*channel);
}

void OpensshConnection::on_open_reply(Reader in, bool confirmed) {
    const auto* channel = channel_of(in, confirmed ? "open confirmation" : "open failure");
    if (channel == nullptr) return;
    weird("ssh.unasked_open_reply"); // we open no channels
    disconnect(std::string{"Received open "} + (confirmed ? "confirmation" : "failure") +
               " for non-opening channel " + std::to_string(channel->id) + ".");
}

void OpensshConnection::on_channel_request(Reader in) {
    const auto id = in.u32();
    const auto type = c_string(in);
    const bool want_reply = in.boolean();
    if (!type || !in.ok()) {
        refuse_message("ssh.bad_channel_request");
        return;
    }
    auto* channel = id < id_max ? look_up(id) : nullptr;
    if (channel == nullptr) {
        weird("ssh.unknown_channel", *type);
        disconnect("server_input_channel_req: unknown channel " +
                   std::to_string(static_cast<std::int32_t>(id)));
        return;
    }
    Reply success = false;
    reply_wanted_ = want_reply;
    if (*type == "eow@openssh.com") {
        if (!in.done()) success = broken("ssh.bad_channel_request");
        if (channel->to_peer == Channel::Half::open) channel->to_peer = Channel::Half::closed;
        tell_room(*channel);
    } else if (channel->program) {
        success = session_request(*channel, *type, in);
    }
    if (ended_ || !success || !want_reply || channel->close_sent) return;
    send_plain(*success ? Msg::channel_success : Msg::channel_failure, *channel);
}

} // namespace skep::service::ssh
