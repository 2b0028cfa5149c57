#include "service/ssh/connection_dropbear.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace skep::service::ssh {
namespace {

constexpr std::uint32_t window_bytes = 24576;             // DEFAULT_RECV_WINDOW
constexpr std::uint32_t packet_max = 32768 - 9;           // RECV_MAX_CHANNEL_DATA_LEN
constexpr std::uint32_t window_extend = window_bytes / 3; // RECV_WINDOWEXTEND
constexpr std::uint32_t peer_window_max = 500'000'000;    // TRANS_MAX_WINDOW
constexpr std::uint32_t peer_packet_max = 16384 - 9;      // TRANS_MAX_PAYLOAD_LEN less the header
constexpr std::size_t payload_bytes_max = 16384;          // of writepayload: what a message may be
constexpr std::size_t name_bytes_max = 64;                // MAX_NAME_LEN
constexpr std::size_t host_bytes_max = 254;               // MAX_HOST_LEN
constexpr std::uint32_t port_max = 0xffff;

} // namespace

std::unique_ptr<Connection>
make_dropbear_connection(Session& session, MessageSink& sink, Programs& programs, Login login) {
    return std::make_unique<DropbearConnection>(session, sink, programs, std::move(login));
}

std::nullopt_t DropbearConnection::broken(std::string_view name, std::string_view bytes) {
    refuse_message(name, bytes);
    return std::nullopt;
}

void DropbearConnection::receive(std::string_view payload) {
    if (ended_ || payload.empty()) return;
    const Reader in{payload.substr(1)};
    switch (static_cast<Msg>(payload.front())) {
    case Msg::channel_data: on_data(in); return;
    case Msg::channel_window_adjust: on_adjust(in); return;
    case Msg::channel_request: on_request(in); return;
    case Msg::channel_open: on_open(in); return;
    case Msg::channel_eof: on_eof(in, false); return;
    case Msg::channel_close: on_eof(in, true); return;
    case Msg::channel_open_confirmation:
    case Msg::channel_open_failure: on_open_reply(in); return;
    case Msg::global_request: on_global_request(in); return;
    case Msg::service_request: on_service_request(in); return;
    case Msg::userauth_request:
    case Msg::channel_success:
    case Msg::channel_failure:
    case Msg::request_success:
    case Msg::request_failure: return;
    default: break;
    }
    weird("ssh.unimplemented", payload.substr(0, 1));
    sink_.unimplemented();
}

void DropbearConnection::on_service_request(Reader in) {
    const auto service = in.string();
    if (!in.ok() || (service != "ssh-userauth" && service != "ssh-connection")) {
        broken("ssh.unknown_service", service);
        return;
    }
    Writer accept{Msg::service_accept};
    accept.string(service);
    sink_.send(accept.bytes());
}

Channel* DropbearConnection::channel_of(Reader& in) {
    const auto id = in.u32();
    auto* channel = in.ok() ? find(id) : nullptr;
    if (channel == nullptr) broken("ssh.unknown_channel");
    return channel;
}

void DropbearConnection::on_open(Reader in) {
    const auto type = short_string(in);
    const auto remote_id = in.u32();
    const auto window = in.u32();
    const auto packet = in.u32();
    if (!type || !in.ok()) {
        broken("ssh.bad_channel_open");
        return;
    }
    const auto name = until_nul(*type);
    const bool session = name == "session";
    if (type->size() > name_bytes_max || (!session && name != "direct-tcpip")) {
        weird("ssh.channel_type", type->substr(0, name_bytes_max));
        send_open_failure(remote_id, OpenFailure::unknown_channel_type, "");
        return;
    }
    auto* channel = add(session ? Channel::Stage::larval : Channel::Stage::connecting);
    if (channel == nullptr) {
        send_open_failure(remote_id, OpenFailure::resource_shortage, "");
        return;
    }
    channel->remote_id = remote_id;
    channel->remote_window = std::min(window, peer_window_max);
    channel->remote_packet_max = std::min(packet, peer_packet_max);
    channel->window = channel->window_max = window_bytes;
    channel->packet_max = packet_max;
    if (!session) {
        open_forward(*channel, in);
        return;
    }
    channel->program = std::make_unique<ChannelProgram>(session_.events);
    update_priority();
    send_confirmation(*channel);
}

void DropbearConnection::open_forward(Channel& channel, Reader& in) {
    const auto host = in.string();
    const auto port = in.u32();
    const auto origin = in.string();
    const auto origin_port = in.u32();
    if (!in.ok()) {
        broken("ssh.bad_channel_open");
        return;
    }
    record_direct(host, port, origin, origin_port);
    if (!may_open(until_nul(host), port) || host.size() > host_bytes_max ||
        origin.size() > host_bytes_max || port > port_max || origin_port > port_max) {
        const auto remote_id = channel.remote_id;
        remove(channel.id);
        send_open_failure(remote_id, OpenFailure::administratively_prohibited, "");
        return;
    }
    begin_forward(channel, until_nul(host), port);
    auto& refusal = channel.forward->refusal;
    if (refusal == "Name or service not known") // netio.c, connect_remote()
        refusal = "Error resolving '" + channel.forward->host + "' port '" + std::to_string(port) +
                  "'. " + refusal;
}

/// svr_pubkey_allows_local_tcpfwd()
bool DropbearConnection::may_open(std::string_view host, std::uint32_t port) const {
    if (!key_.port_forwarding) return false;
    return key_.permit_open.empty() || std::ranges::any_of(key_.permit_open, [&](const auto& one) {
               return one.host == host && (one.port == 0 || one.port == port);
           });
}

/// update_channel_prio(): forwards, and programs without a terminal, are in no hurry.
void DropbearConnection::update_priority() {
    const auto quiet = [](const Channel& channel) {
        return !channel.program || (channel.program->started && !channel.program->named_terminal);
    };
    bool any = false;
    bool hurry = false;
    for (const auto& channel : channels_) {
        if (!channel) continue;
        any = true;
        hurry = hurry || !quiet(*channel);
    }
    const std::uint8_t wanted = any && !hurry ? 0 : dropbear_low_latency;
    if (std::exchange(priority_, wanted) != wanted)
        session_.peer.send_as({.type_of_service = wanted, .at_once = true});
}

void DropbearConnection::on_data(Reader in) {
    auto* channel = channel_of(in);
    if (channel == nullptr) return;
    if (channel->eof_received) {
        broken("ssh.data_after_eof");
        return;
    }
    const bool flows =
        channel->stage == Channel::Stage::open && channel->from_peer == Channel::Half::open;
    if (!flows) return; // there is no descriptor to write to
    const auto data = in.string();
    const auto size = static_cast<std::uint32_t>(data.size());
    if (!in.ok() || size > channel->window) { // "Oversized packet"
        broken("ssh.beyond_window");
        return;
    }
    if (!take_data(*channel, data)) channel->from_peer = Channel::Half::closed;
}

/// A program's bytes leave the window when they are written, a forward's at once.
void DropbearConnection::give_back(Channel& channel) {
    if (channel.consumed < window_extend || channel.close_sent) return;
    const auto count = std::exchange(channel.consumed, 0);
    send_adjust(channel, count);
    channel.window += count;
}

void DropbearConnection::on_adjust(Reader in) {
    auto* channel = channel_of(in);
    if (channel == nullptr) return;
    const auto more = std::min(in.u32(), peer_window_max);
    if (!in.ok()) {
        broken("ssh.bad_window_adjust");
        return;
    }
    channel->remote_window = std::min(channel->remote_window + more, peer_window_max);
    tell_room(*channel);
}

void DropbearConnection::on_eof(Reader in, bool close) {
    auto* channel = channel_of(in);
    if (channel == nullptr) return;
    channel->eof_received = true;
    if (close) channel->close_received = true;
    check_close(*channel);
}

void DropbearConnection::on_open_reply(Reader in) {
    if (channel_of(in) != nullptr) broken("ssh.unasked_open_reply");
}

void DropbearConnection::on_request(Reader in) {
    auto* channel = channel_of(in);
    if (channel == nullptr) return;
    const auto type = short_string(in);
    const bool want_reply = in.boolean();
    if (!type || !in.ok()) {
        broken("ssh.bad_channel_request");
        return;
    }
    reply_wanted_ = want_reply;
    std::optional<bool> success = false;
    if (channel->program && type->size() <= name_bytes_max)
        success = session_request(*channel, until_nul(*type), in);
    if (ended_ || !success || !want_reply || channel->close_sent) return;
    send_plain(*success ? Msg::channel_success : Msg::channel_failure, *channel);
}

void DropbearConnection::forward_opened(Channel& channel) {
    send_confirmation(channel);
    check_close(channel);
}

void DropbearConnection::forward_closed(Channel& channel) {
    channel.to_peer = Channel::Half::closed;
}

std::size_t DropbearConnection::room_of(const Channel& channel) const {
    if (channel.stage != Channel::Stage::open) return 0;
    if (channel.to_peer != Channel::Half::open || channel.close_sent) return payload_bytes_max;
    return channel.remote_packet_max == 0 ? 0 : channel.remote_window;
}

void DropbearConnection::settle() {
    for (std::size_t id = 0; id < channels_.size() && !ended_; ++id) {
        auto* channel = channels_[id].get();
        if (channel == nullptr || channel->listener) continue;
        give_back(*channel);
        const bool larval = channel->stage == Channel::Stage::larval;
        if (channel->stage == Channel::Stage::open || (larval && child_ended_))
            check_close(*channel);
    }
    child_ended_ = false;
}

} // namespace skep::service::ssh
