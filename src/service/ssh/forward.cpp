// Forwards lead nowhere. With ssh.forward = sink each opens after the time that a connection would
// take, its far side says nothing, what the peer sends is recorded up to limits.ssh_forward_bytes,
// and the far side closes when the peer has, when it has swallowed that much, or after
// limits.ssh_forward_seconds. With refuse it fails after that time as at a closed port. A name that
// cannot be resolved fails with both, and so does a port of the machine itself that is not SSH's.
#include "persona/persona.hpp"
#include "service/ssh/connection_base.hpp"
#include "service/ssh/forward_target.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace skep::service::ssh {
namespace {

constexpr std::size_t piece_bytes_max = 4096; // limits.event_text_bytes is more by default
constexpr Micros piece_within = 1'000'000;

constexpr std::uint32_t ssh_port = 22;

} // namespace

bool ConnectionBase::is_own(std::string_view host) const {
    const auto& persona = session_.persona;
    const auto address = std::string_view{persona.address};
    return is_loopback(host) || host == session_.dst_ip || host == persona.hostname ||
           host == address.substr(0, address.find('/'));
}

/// What `ss -l` in the cell must agree with: the machine has this one service for certain.
bool ConnectionBase::listens_on(std::uint32_t port) const {
    return port == ssh_port || port == session_.dst_port;
}

void ConnectionBase::begin_forward(Channel& channel, std::string_view host, std::uint32_t port) {
    channel.stage = Channel::Stage::connecting;
    channel.forward = std::make_unique<ChannelForward>();
    auto& forward = *channel.forward;
    forward.host = host;
    forward.port = static_cast<std::uint16_t>(port);
    auto time = connect_time(host);
    if (!can_resolve(host)) {
        forward.refusal = "Name or service not known";
        time = resolve_failure_time();
    } else if (!session_.ssh->sink || port == 0 || (is_own(host) && !listens_on(port))) {
        forward.refusal = "Connection refused";
    }
    forward.due = session_.events.now() + time;
}

void ConnectionBase::swallow(Channel& channel, std::string_view bytes) {
    auto& forward = *channel.forward;
    const auto now = session_.events.now();
    const auto left =
        session_.ssh->forward_bytes - std::min(session_.ssh->forward_bytes, forward.recorded);
    const auto kept = bytes.substr(0, left);
    forward.recorded += kept.size();
    forward.data += kept;
    if (forward.data.size() >= piece_bytes_max)
        flush(forward);
    else if (!forward.data.empty() && forward.record_due == 0)
        forward.record_due = now + piece_within;
    forward.due = now + Micros{session_.ssh->forward_within.count()} * 1'000'000;
    if (kept.size() < bytes.size()) close_forward_soon(forward);
}

void ConnectionBase::flush(ChannelForward& forward) {
    forward.record_due = 0;
    for (auto rest = std::string_view{forward.data}; !rest.empty();) {
        const auto piece = rest.substr(0, piece_bytes_max);
        event::Event event{"direct-tcpip.data", session_.events.now()};
        event.text("dst_ip", forward.host).number("dst_port", forward.port).text("data", piece);
        session_.events.record(std::move(event));
        rest.remove_prefix(piece.size());
    }
    forward.data = {};
}

void ConnectionBase::end_forward_input(const Channel& channel) {
    if (!channel.forward || channel.forward->gone) return;
    flush(*channel.forward);
    close_forward_soon(*channel.forward);
}

void ConnectionBase::close_forward_soon(ChannelForward& forward) {
    forward.due = session_.events.now() + connect_time(forward.host);
}

Micros ConnectionBase::deadline() const noexcept {
    auto next = std::numeric_limits<Micros>::max();
    if (ended_) return next;
    for (const auto& channel : channels_) {
        if (!channel || !channel->forward) continue;
        const auto& forward = *channel->forward;
        if (!forward.gone) next = std::min(next, forward.due);
        if (forward.record_due != 0) next = std::min(next, forward.record_due);
    }
    return next;
}

void ConnectionBase::act(Channel& channel, Micros now) {
    auto& forward = *channel.forward;
    if (forward.record_due != 0 && now >= forward.record_due) flush(forward);
    if (forward.gone || now < forward.due) return;
    if (channel.stage == Channel::Stage::open) {
        forward.gone = true;
        flush(forward);
        forward_closed(channel);
        return;
    }
    if (forward.refusal.empty()) {
        channel.stage = Channel::Stage::open;
        forward.due = now + Micros{session_.ssh->forward_within.count()} * 1'000'000;
        if (channel.eof_received) close_forward_soon(forward);
        forward_opened(channel);
        return;
    }
    send_open_failure(channel.remote_id, OpenFailure::connect_failed, forward.refusal);
    remove(channel.id);
}

void ConnectionBase::wake() {
    const auto now = session_.events.now();
    for (std::size_t id = 0; id < channels_.size() && !ended_; ++id)
        if (channels_[id] && channels_[id]->forward) act(*channels_[id], now);
    if (!ended_) settle();
}

} // namespace skep::service::ssh
