// Sessions and global requests of dropbear 2022.83, and how it closes channels.
#include "base/crypto/random.hpp"
#include "persona/persona.hpp"
#include "service/ssh/connection_dropbear.hpp"
#include "service/ssh/terminal_modes.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace skep::service::ssh {
namespace {

constexpr std::size_t term_bytes_max = 200; // MAX_TERM_LEN
constexpr std::size_t host_bytes_max = 254; // MAX_HOST_LEN
constexpr std::uint32_t port_max = 0xffff, privileged = 1024;

/// Its table `signames`, for signals sent and told.
constexpr auto signals = std::to_array<std::string_view>({
    "ABRT",
    "ALRM",
    "FPE",
    "HUP",
    "ILL",
    "INT",
    "KILL",
    "PIPE",
    "QUIT",
    "SEGV",
    "TERM",
    "USR1",
    "USR2",
});

bool knows(std::string_view signal) {
    return std::ranges::find(signals, signal) != signals.end();
}

} // namespace

std::optional<bool>
DropbearConnection::session_request(Channel& channel, std::string_view type, Reader& in) {
    using Kind = ProgramRequest::Kind;
    if (type == "window-change") {
        if (!channel.program->terminal) return false;
        const bool whole = on_window_change(channel, in);
        return whole ? std::optional{true} : broken("ssh.bad_window_change");
    }
    if (type == "shell") return on_command(channel, in, Kind::shell);
    if (type == "exec") return on_command(channel, in, Kind::command);
    if (type == "subsystem") return on_command(channel, in, Kind::subsystem);
    if (type == "pty-req") return on_terminal(channel, in);
    if (type == "signal") return on_signal(channel, in);
    if (type == "auth-agent-req@openssh.com") {
        record_name("forward.request", type);
        return key_.agent_forwarding && !std::exchange(channel.program->agent, true);
    }
    if (type == "env") { // which it ignores
        const auto name = in.string();
        const auto value = in.string();
        if (in.ok()) record_variable(name, value);
        return false;
    }
    weird("ssh.channel_request", type);
    return false;
}

bool DropbearConnection::on_window_change(Channel& channel, Reader& in) {
    auto& program = *channel.program;
    const auto columns = in.u32();
    const auto rows = in.u32();
    in.u32();
    in.u32();
    if (!in.ok()) return false;
    program.request.columns = columns;
    program.request.rows = rows;
    record_size(columns, rows);
    if (program.running) programs_.resize(channel.id, columns, rows);
    return true;
}

std::optional<bool> DropbearConnection::on_terminal(Channel& channel, Reader& in) {
    auto& program = *channel.program;
    if (!key_.pty) return false;
    const auto term = short_string(in);
    if (!term) return broken("ssh.bad_terminal_request");
    program.request.term = until_nul(*term);
    program.named_terminal = true;
    if (term->size() > term_bytes_max) return false;
    if (program.terminal) return broken("ssh.second_terminal");
    program.terminal = true;
    record_variable("TERM", program.request.term);
    if (!on_window_change(channel, in)) return broken("ssh.bad_terminal_request");
    const auto modes = in.string();
    if (!in.done() || !dropbear_reads_modes(modes)) return broken("ssh.bad_terminal_request");
    program.request.modes = modes;
    return true;
}

std::optional<bool>
DropbearConnection::on_command(Channel& channel, Reader& in, ProgramRequest::Kind kind) {
    auto& program = *channel.program;
    if (program.started) return false; // "already have a command"
    auto& request = program.request;
    request.kind = kind;
    request.command.clear();
    if (kind != ProgramRequest::Kind::shell) {
        const auto text = short_string(in);
        if (!text) return broken("ssh.bad_command");
        request.command = until_nul(*text);
        if (kind == ProgramRequest::Kind::subsystem) {
            record_name("client.subsystem", *text);
            if (*text != "sftp") return false;
        } else {
            record_command(*text);
        }
    }
    // A terminal that was named and not made leaves nothing to run it on.
    if (program.named_terminal && !program.terminal) return false;
    const bool subsystem = kind == ProgramRequest::Kind::subsystem;
    const auto asked = subsystem ? session_.persona.sftp_server() : request.command;
    force_command(program, asked);
    start_program(channel);
    return std::nullopt;
}

std::optional<bool> DropbearConnection::on_signal(Channel& channel, Reader& in) {
    const auto& program = *channel.program;
    if (!program.started) return false;
    const auto name = short_string(in);
    if (!name) return broken("ssh.bad_signal");
    const auto signal = until_nul(*name);
    if (!knows(signal) || !program.running) return false;
    programs_.signal(channel.id, signal);
    return true;
}

void DropbearConnection::on_global_request(Reader in) {
    constexpr std::size_t name_bytes_max = 64; // MAX_NAME_LEN
    const auto type = short_string(in);
    const bool want_reply = in.boolean();
    if (type && in.ok() && !key_.port_forwarding) {
        weird("ssh.global_request", type->substr(0, name_bytes_max));
        const auto host = in.string();
        const auto port = in.u32();
        if (in.ok() && type->ends_with("tcpip-forward"))
            record_forward(until_nul(*type), host, port);
        if (want_reply) sink_.send(Writer{Msg::request_failure}.bytes());
        return;
    }
    if (!type || !in.ok()) {
        broken("ssh.bad_global_request");
        return;
    }
    const auto name = type->size() > name_bytes_max ? std::string_view{} : until_nul(*type);
    if (name == "tcpip-forward") {
        const auto success = listen_tcp(in);
        if (!success || *success) return;
    } else if (name == "cancel-tcpip-forward") {
        // It compares with a listener whose kind it did not set, so it finds none.
        const auto host = in.string();
        const auto port = in.u32();
        if (!in.ok()) {
            broken("ssh.bad_global_request");
            return;
        }
        record_forward(name, host, port);
    } else {
        weird("ssh.global_request", type->substr(0, name_bytes_max));
    }
    if (want_reply) sink_.send(Writer{Msg::request_failure}.bytes());
}

/// The port is told even if no reply was wanted.
std::optional<bool> DropbearConnection::listen_tcp(Reader& in) {
    const auto host = in.string();
    const auto port = in.u32();
    if (!in.ok()) return broken("ssh.bad_global_request");
    record_forward("tcpip-forward", host, port);
    const bool taken = port == session_.dst_port || std::ranges::find(ports_, port) != ports_.end();
    if (host.size() > host_bytes_max || port > port_max) return false;
    if (port != 0 && (taken || (port < privileged && !is_root()))) return false;
    if (ports_.size() >= session_.ssh->channels) return false;
    const auto bound =
        port != 0 ? port : 32768 + static_cast<std::uint32_t>(crypto::random_below(28232));
    ports_.push_back(bound);
    Writer success{Msg::request_success};
    success.u32(bound);
    sink_.send(success.bytes());
    return true;
}

/// send_msg_channel_close(): how a program ended is told just before.
void DropbearConnection::close(Channel& channel) {
    if (channel.program && channel.program->exited()) {
        const auto& exit = channel.program->exit;
        if (exit.signal.empty() || knows(exit.signal)) send_exit(channel, exit);
    }
    send_plain(Msg::channel_close, channel);
    channel.eof_sent = channel.close_sent = true;
    channel.to_peer = channel.from_peer = Channel::Half::closed;
}

void DropbearConnection::check_close(Channel& channel) {
    auto* program = channel.program.get();
    if (starting_ == channel.id) return;
    const bool pending =
        program != nullptr && program->untaken != 0 && channel.from_peer == Channel::Half::open;
    const bool may_close = program == nullptr || channel.close_sent || !program->running;
    if (channel.close_received && !pending && may_close) {
        if (!channel.close_sent) close(channel);
        remove(channel.id);
        return;
    }
    const bool over = program != nullptr && program->exited();
    // Without a program there is no descriptor yet, which passes for closed ones.
    if (channel.stage == Channel::Stage::larval && program != nullptr)
        channel.to_peer = channel.from_peer = Channel::Half::closed;
    else if (channel.stage != Channel::Stage::open)
        return;
    if (channel.from_peer == Channel::Half::open && ((channel.eof_received && !pending) || over)) {
        channel.from_peer = Channel::Half::closed;
        if (program != nullptr && !program->terminal && program->running)
            programs_.end_of_input(channel.id);
        end_forward_input(channel);
    }
    if (channel.to_peer == Channel::Half::closed && !channel.eof_sent) {
        send_plain(Msg::channel_eof, channel);
        channel.eof_sent = true;
    }
    if (channel.to_peer == Channel::Half::closed && channel.from_peer == Channel::Half::closed &&
        !channel.close_sent && may_close)
        close(channel);
}

void DropbearConnection::program_started(ChannelId id, bool started) {
    auto* channel = find(id);
    if (starting_ != id || channel == nullptr) return;
    starting_.reset();
    if (ended_) return;
    if (started) {
        channel->program->started = channel->program->running = true;
        channel->stage = Channel::Stage::open;
        if (!channel->program->named_terminal) update_priority();
    }
    if (reply_wanted_ && !channel->close_sent)
        send_plain(started ? Msg::channel_success : Msg::channel_failure, *channel);
    if (started) tell_room(*channel);
    settle();
}

/// A program that was started on a channel whose CLOSE was out already: dropbear finds that it
/// would have to send what such a one prints, and ends by its own assertion.
bool DropbearConnection::ends_by_output(const Channel& channel) {
    if (channel.close_sent) broken("ssh.output_after_close");
    return channel.close_sent;
}

void DropbearConnection::program_printed(ChannelId id, std::string_view bytes, bool error) {
    auto* channel = find(id);
    if (channel == nullptr || !channel->program || ended_) return;
    if (ends_by_output(*channel) || channel->to_peer != Channel::Half::open) return;
    send_data(*channel, bytes, error);
}

void DropbearConnection::program_output_ended(ChannelId id) {
    auto* channel = find(id);
    if (channel == nullptr || !channel->program || ended_) return;
    if (ends_by_output(*channel)) return;
    channel->to_peer = Channel::Half::closed;
    settle();
}

void DropbearConnection::program_exited(ChannelId id,
                                        int status,
                                        std::string_view signal,
                                        bool core) {
    auto* channel = find(id);
    if (channel == nullptr || !channel->program || !channel->program->running || ended_) return;
    auto& program = *channel->program;
    program.running = false;
    program.exit = Exit{.status = status & 0xff, .signal = std::string{signal}, .core = core};
    child_ended_ = true; // channelio() then looks at all channels
    programs_.drain(id); // its "flushing": `sleep 10& echo hello` ends at once
    settle();
}

} // namespace skep::service::ssh
