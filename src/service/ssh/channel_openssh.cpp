// The life of OpenSSH's channels (nchan.c): each direction is open, drains, and is closed; a
// session is closed by us only after its program has exited.
#include "service/ssh/connection_openssh.hpp"
#include "service/ssh/priority.hpp"

#include <algorithm>
#include <utility>

namespace skep::service::ssh {

void OpensshConnection::settle() {
    if (ended_) return;
    // channel_output_poll(), then what each turn of the loop does before and after it waits.
    for (const auto& channel : channels_) {
        if (channel == nullptr || channel->stage != Channel::Stage::open) continue;
        if (channel->close_sent || channel->close_received) continue;
        if (channel->to_peer == Channel::Half::draining) {
            send_plain(Msg::channel_eof, *channel);
            channel->to_peer = Channel::Half::closed;
        }
    }
    for (std::size_t id = 0; id < channels_.size() && !ended_; ++id) {
        auto* channel = channels_[id].get();
        if (channel == nullptr || channel->listener) continue;
        if (channel->stage == Channel::Stage::open) {
            drain(*channel);
            give_back(*channel);
        }
        collect(*channel);
    }
}

/// chan_ibuf_empty() comes with settle(), chan_obuf_empty() here.
void OpensshConnection::drain(Channel& channel) {
    if (channel.from_peer != Channel::Half::draining) return;
    if (channel.stage == Channel::Stage::connecting) return;
    if (channel.program) {
        auto& program = *channel.program;
        if (program.untaken != 0) return;
        // The end of input reaches pipes only: sshd still holds a terminal's master side.
        if (program.running && !program.terminal) programs_.end_of_input(channel.id);
    }
    channel.from_peer = Channel::Half::closed;
    end_forward_input(channel);
}

/// chan_read_failed(): the program's output, or the far side, is at its end.
void OpensshConnection::end_output(Channel& channel) {
    if (channel.to_peer == Channel::Half::open) channel.to_peer = Channel::Half::draining;
}

/// chan_write_failed(): what the peer sends goes nowhere from now on.
void OpensshConnection::fail_input(Channel& channel) {
    if (channel.from_peer == Channel::Half::closed) return;
    if (channel.program) {
        unread_ -= std::exchange(channel.program->untaken, 0);
        if (compat_.new_openssh) {
            Writer request{Msg::channel_request};
            request.u32(channel.remote_id).string("eow@openssh.com").boolean(false);
            sink_.send(request.bytes());
        }
    }
    channel.from_peer = Channel::Half::closed;
}

/// channel_check_window()
void OpensshConnection::give_back(Channel& channel) {
    if (channel.close_sent || channel.close_received || channel.consumed == 0) return;
    const bool due = channel.window_max - channel.window > channel.packet_max * 3 ||
                     channel.window < channel.window_max / 2;
    if (!due) return;
    const auto count = std::exchange(channel.consumed, 0);
    send_adjust(channel, count);
    channel.window += count;
}

/// chan_is_dead(): sends CLOSE if it may, when both directions are closed.
bool OpensshConnection::is_dead(Channel& channel, bool may_close) {
    if (channel.to_peer != Channel::Half::closed || channel.from_peer != Channel::Half::closed)
        return false;
    if (!channel.close_sent) {
        if (!may_close) return channel.close_received;
        send_plain(Msg::channel_close, channel);
        channel.close_sent = true;
    }
    return channel.close_received;
}

/// channel_garbage_collect()
void OpensshConnection::collect(Channel& channel) {
    if (channel.program && channel.program->attached) {
        auto& program = *channel.program;
        if (!is_dead(channel, program.exited())) return;
        if (program.running || starting_ == channel.id) {
            hang_up(channel); // and its exit will close the channel
            return;
        }
        program.attached = false;
        --sessions_;
    }
    if (is_dead(channel, true)) {
        const auto id = channel.id;
        for (auto& other : channels_)
            if (other && other->listener && other->listener->kind == ChannelListener::Kind::x11 &&
                other->listener->session == id)
                other.reset();
        remove(id);
    }
}

void OpensshConnection::forward_opened(Channel& channel) {
    send_confirmation(channel);
}

void OpensshConnection::forward_closed(Channel& channel) {
    end_output(channel);
}

std::size_t OpensshConnection::room_of(const Channel& channel) const {
    if (channel.stage != Channel::Stage::open) return 0;
    // What nobody will see is taken and dropped, so that the program comes to its end.
    if (channel.to_peer != Channel::Half::open || channel.close_received) return openssh_packet_max;
    return channel.remote_packet_max == 0 ? 0 : channel.remote_window;
}

void OpensshConnection::program_started(ChannelId id, bool started) {
    auto* channel = find(id);
    if (starting_ != id || channel == nullptr) return;
    starting_.reset();
    if (!started) {
        if (reply_wanted_ && !ended_) send_plain(Msg::channel_failure, *channel);
        settle();
        return;
    }
    auto& program = *channel->program;
    program.started = program.running = true;
    channel->stage = Channel::Stage::open;
    channel->window = channel->window_max = openssh_window;
    if (ended_) return;
    // ssh_packet_set_interactive() in do_exec_pty() and do_exec_no_pty(): the first call counts.
    const bool interactive = program.terminal || program.x11;
    if (!std::exchange(interactive_set_, true))
        session_.peer.send_as(
            {.type_of_service = interactive ? openssh_low_delay : openssh_throughput,
             .at_once = true});
    // channel_set_fds() opens the window before the request is answered.
    send_adjust(*channel, openssh_window);
    if (reply_wanted_) send_plain(Msg::channel_success, *channel);
    tell_room(*channel);
    settle();
}

void OpensshConnection::program_printed(ChannelId id, std::string_view bytes, bool error) {
    auto* channel = find(id);
    if (channel == nullptr || !channel->program || ended_) return;
    if (channel->stage != Channel::Stage::open || channel->to_peer != Channel::Half::open) return;
    if (channel->close_sent || channel->close_received) return;
    // A subsystem's standard error is read and dropped (CHAN_EXTENDED_IGNORE).
    if (error && channel->program->subsystem) return;
    send_data(*channel, bytes, error);
}

void OpensshConnection::program_output_ended(ChannelId id) {
    auto* channel = find(id);
    if (channel == nullptr || !channel->program || ended_) return;
    end_output(*channel);
    settle();
}

void OpensshConnection::program_exited(ChannelId id,
                                       int status,
                                       std::string_view signal,
                                       bool core) {
    auto* channel = find(id);
    if (channel == nullptr || !channel->program || !channel->program->running || ended_) return;
    static constexpr std::string_view known[] = {"ABRT", "ALRM", "FPE",  "HUP",  "ILL",
                                                 "INT",  "KILL", "PIPE", "QUIT", "SEGV",
                                                 "TERM", "USR1", "USR2"};
    auto& program = *channel->program;
    program.running = false;
    Exit exit{.status = status & 0xff, .signal = std::string{signal}, .core = core};
    if (!signal.empty() && std::ranges::find(known, signal) == std::end(known))
        exit.signal = "SIG@openssh.com"; // sig2name()
    send_exit(*channel, exit);
    fail_input(*channel);
    settle();
}

} // namespace skep::service::ssh
