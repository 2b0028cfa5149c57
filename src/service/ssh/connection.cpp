#include "persona/persona.hpp"
#include "service/ssh/connection_base.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace skep::service::ssh {

std::unique_ptr<Connection>
Connection::make(Session& session, MessageSink& transport, Programs& programs, Login login) {
    return transport.profile().family == Family::dropbear
               ? make_dropbear_connection(session, transport, programs, std::move(login))
               : make_openssh_connection(session, transport, programs, std::move(login));
}

ConnectionBase::ConnectionBase(Session& session, MessageSink& sink, Programs& programs, Login login)
    : session_{session}, sink_{sink}, programs_{programs}, username_{std::move(login.username)},
      key_{std::move(login.key)} {}

ConnectionBase::~ConnectionBase() {
    // What the peer had typed or sent is recorded though it never ended its line.
    for (const auto& channel : channels_) {
        if (!channel) continue;
        if (channel->program) channel->program->log.flush();
        if (channel->forward) flush(*channel->forward);
    }
}

bool ConnectionBase::may_receive() const noexcept {
    return !starting_ && unread_ < session_.ssh->unread_bytes;
}

Channel* ConnectionBase::find(ChannelId id) noexcept {
    return id < channels_.size() ? channels_[id].get() : nullptr;
}

const Channel* ConnectionBase::find(ChannelId id) const noexcept {
    return id < channels_.size() ? channels_[id].get() : nullptr;
}

Channel* ConnectionBase::add(Channel::Stage stage) {
    auto free = std::ranges::find_if(channels_, [](const auto& channel) { return !channel; });
    if (free == channels_.end()) {
        if (channels_.size() >= session_.ssh->channels) {
            weird("ssh.channels");
            return nullptr;
        }
        free = channels_.insert(channels_.end(), nullptr);
    }
    *free = std::make_unique<Channel>();
    (*free)->id = static_cast<ChannelId>(free - channels_.begin());
    (*free)->stage = stage;
    return free->get();
}

void ConnectionBase::remove(ChannelId id) {
    auto& channel = *channels_[id];
    if (channel.program) {
        channel.program->log.flush();
        unread_ -= std::exchange(channel.program->untaken, 0);
        if (channel.program->started) hang_up(channel);
        if (starting_ == id) starting_.reset();
    }
    if (channel.forward) flush(*channel.forward);
    channels_[id].reset();
    removed();
}

std::size_t ConnectionBase::room(ChannelId id) const {
    const auto* channel = find(id);
    return channel == nullptr ? 0 : room_of(*channel);
}

void ConnectionBase::send_data(Channel& channel, std::string_view bytes, bool error) {
    constexpr std::uint32_t standard_error = 1; // RFC 4254 section 5.2
    while (!bytes.empty()) {
        const auto limit = std::min(channel.remote_window, channel.remote_packet_max);
        const auto piece = bytes.substr(0, limit);
        if (piece.empty()) throw std::logic_error{"a program printed more than room() bytes"};
        Writer data{error ? Msg::channel_extended_data : Msg::channel_data};
        data.u32(channel.remote_id);
        if (error) data.u32(standard_error);
        data.string(piece);
        sink_.send(data.bytes());
        channel.remote_window -= static_cast<std::uint32_t>(piece.size());
        bytes.remove_prefix(piece.size());
    }
    tell_room(channel);
}

void ConnectionBase::send_adjust(Channel& channel, std::uint32_t count) {
    Writer adjust{Msg::channel_window_adjust};
    adjust.u32(channel.remote_id).u32(count);
    sink_.send(adjust.bytes());
}

void ConnectionBase::send_plain(Msg type, const Channel& channel) {
    Writer message{type};
    message.u32(channel.remote_id);
    sink_.send(message.bytes());
}

void ConnectionBase::send_exit(const Channel& channel, const Exit& exit) {
    Writer request{Msg::channel_request};
    request.u32(channel.remote_id);
    if (exit.signal.empty()) {
        request.string("exit-status").boolean(false);
        request.u32(static_cast<std::uint32_t>(exit.status));
    } else {
        request.string("exit-signal").boolean(false);
        request.string(exit.signal).boolean(exit.core).string("").string("");
    }
    sink_.send(request.bytes());
}

void ConnectionBase::send_confirmation(const Channel& channel) {
    Writer confirmation{Msg::channel_open_confirmation};
    confirmation.u32(channel.remote_id).u32(channel.id);
    confirmation.u32(channel.window).u32(channel.packet_max);
    sink_.send(confirmation.bytes());
}

void ConnectionBase::send_open_failure(std::uint32_t remote_id,
                                       OpenFailure reason,
                                       std::string_view text) {
    Writer failure{Msg::channel_open_failure};
    failure.u32(remote_id).u32(static_cast<std::uint32_t>(reason)).string(text).string("");
    sink_.send(failure.bytes());
}

void ConnectionBase::end() {
    sink_.end();
    ended_ = true;
}

void ConnectionBase::disconnect(std::string text) {
    sink_.disconnect(disconnect_text(std::move(text)));
    ended_ = true;
}

bool ConnectionBase::force_command(ChannelProgram& program,
                                   std::optional<std::string_view> original) {
    if (!key_.command) return false;
    auto& request = program.request;
    constexpr std::string_view name = "SSH_ORIGINAL_COMMAND";
    std::erase_if(request.environment, [&](const auto& one) { return one.first == name; });
    if (original) {
        // No longer than execve(2) takes it.
        constexpr std::size_t bytes_max = std::size_t{64} * 1024;
        request.environment.emplace_back(name, original->substr(0, bytes_max));
    }
    request.kind = ProgramRequest::Kind::command;
    request.command = *key_.command;
    program.forced = true;
    return true;
}

void ConnectionBase::start_program(Channel& channel) {
    auto& program = *channel.program;
    const bool shell = program.request.kind == ProgramRequest::Kind::shell;
    program.logged = shell || program.terminal;
    program.request.username = username_;
    program.request.terminal = program.terminal;
    starting_ = channel.id;
    programs_.start(channel.id, program.request);
}

void ConnectionBase::pass_input(Channel& channel, std::string_view bytes) {
    auto& program = *channel.program;
    if (bytes.empty()) return;
    program.untaken += bytes.size();
    unread_ += bytes.size();
    if (program.logged) program.log.type(bytes);
    programs_.input(channel.id, bytes);
}

bool ConnectionBase::take_data(Channel& channel, std::string_view data) {
    const auto size = static_cast<std::uint32_t>(data.size());
    channel.window -= size;
    if (!channel.forward) {
        pass_input(channel, data);
        return true;
    }
    channel.consumed += size;
    if (channel.forward->gone) return false;
    swallow(channel, data);
    return true;
}

void ConnectionBase::program_took(ChannelId id, std::size_t count) {
    auto* channel = find(id);
    if (channel == nullptr || !channel->program || ended_) return;
    auto& untaken = channel->program->untaken;
    count = std::min(count, untaken);
    untaken -= count;
    unread_ -= count;
    channel->consumed += static_cast<std::uint32_t>(count);
    settle();
}

void ConnectionBase::hang_up(Channel& channel) {
    if (!std::exchange(channel.program->hung_up, true)) programs_.hang_up(channel.id);
}

void ConnectionBase::tell_room(Channel& channel) {
    if (!channel.program || !channel.program->started) return;
    const bool room = room_of(channel) != 0;
    if (std::exchange(channel.program->printable, room) != room)
        programs_.may_print(channel.id, room);
}

bool ConnectionBase::is_root() const {
    return username_ == "root" || session_.persona.every_user_is_root;
}

} // namespace skep::service::ssh
