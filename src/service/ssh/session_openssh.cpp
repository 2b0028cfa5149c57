// Requests of session channels as OpenSSH's session.c answers them. What it cannot read it calls
// fatal() for, except a signal's name.
#include "base/crypto/random.hpp"
#include "persona/persona.hpp"
#include "service/ssh/connection_openssh.hpp"
#include "service/ssh/terminal_modes.hpp"

#include <algorithm>
#include <array>

namespace skep::service::ssh {
namespace {

constexpr std::size_t environment_max = 128;
constexpr int display_offset = 10; // X11DisplayOffset

/// AcceptEnv LANG LC_* of Debian's sshd_config.
bool accepts_variable(std::string_view name) {
    return name == "LANG" || name.starts_with("LC_");
}

/// name2sig(): HUP INT KILL QUIT TERM USR1 USR2.
bool knows_signal(std::string_view name) {
    constexpr auto names =
        std::to_array<std::string_view>({"HUP", "INT", "KILL", "QUIT", "TERM", "USR1", "USR2"});
    return std::ranges::find(names, name) != names.end();
}

/// xauth_valid_string()
bool is_xauth_word(std::string_view text) {
    return std::ranges::all_of(text, [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte >= '0' && byte <= '9') || byte == '.' || byte == ':' || byte == '/' ||
               byte == '-' || byte == '_';
    });
}

/// mkdtemp()'s letters.
std::string random_letters(std::size_t count) {
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
        text += letters[crypto::random_below(letters.size())];
    return text;
}

} // namespace

OpensshConnection::Reply OpensshConnection::broken(std::string_view name) {
    refuse_message(name);
    return std::nullopt;
}

OpensshConnection::Reply
OpensshConnection::session_request(Channel& channel, std::string_view type, Reader& in) {
    if (type == "window-change") return on_window_change(channel, in);
    if (type == "break") {
        in.u32();
        if (!in.done()) return broken("ssh.bad_break");
        return channel.program->terminal && channel.program->started;
    }
    if (type == "signal") return on_signal(channel, in);
    // A session takes the others until a program is started.
    if (channel.stage == Channel::Stage::larval) return larval_request(channel, type, in);
    weird("ssh.late_request", type);
    return false;
}

OpensshConnection::Reply
OpensshConnection::larval_request(Channel& channel, std::string_view type, Reader& in) {
    using Kind = ProgramRequest::Kind;
    if (type == "pty-req") return on_terminal(channel, in);
    if (type == "env") return on_environment(channel, in);
    if (type == "x11-req") return on_x11(channel, in);
    if (type == "auth-agent-req@openssh.com") return on_agent(channel, in);
    if (type == "shell") return on_command(channel, in, Kind::shell);
    if (type == "exec") return on_command(channel, in, Kind::command);
    if (type == "subsystem") return on_command(channel, in, Kind::subsystem);
    weird("ssh.channel_request", type);
    return false;
}

OpensshConnection::Reply OpensshConnection::on_terminal(Channel& channel, Reader& in) {
    auto& program = *channel.program;
    if (!key_.pty) return false;
    if (program.terminal) {
        weird("ssh.second_terminal");
        disconnect("Protocol error: you already have a pty.");
        return std::nullopt;
    }
    const auto term = c_string(in);
    const auto columns = in.u32();
    const auto rows = in.u32();
    in.u32(); // pixels
    in.u32();
    const auto modes = in.string();
    const auto accepted = accepted_modes(modes);
    if (!term || !accepted || !in.done()) return broken("ssh.bad_terminal_request");
    program.terminal = true;
    auto& request = program.request;
    request.term = *term;
    request.columns = columns;
    request.rows = rows;
    request.modes = *accepted;
    record_variable("TERM", *term);
    record_size(columns, rows);
    return true;
}

OpensshConnection::Reply OpensshConnection::on_environment(Channel& channel, Reader& in) {
    const auto name = c_string(in);
    const auto value = c_string(in);
    if (!name || !value || !in.done()) return broken("ssh.bad_environment");
    record_variable(*name, *value);
    auto& environment = channel.program->request.environment;
    if (environment.size() > environment_max || !accepts_variable(*name)) return false;
    environment.emplace_back(*name, *value);
    return true;
}

/// x11_create_display_inet() listens on both loopback addresses.
OpensshConnection::Reply OpensshConnection::on_x11(Channel& channel, Reader& in) {
    auto& program = *channel.program;
    if (program.x11) return false; // "x11 forwarding already active"
    in.u8();
    const auto protocol = c_string(in);
    const auto cookie = c_string(in);
    in.u32();
    if (!protocol || !cookie || !in.done()) return broken("ssh.bad_x11_request");
    record_name("forward.request", "x11-req");
    if (!is_xauth_word(*protocol) || !is_xauth_word(*cookie)) return false;
    if (!key_.x11_forwarding) {
        send_debug("X11 forwarding disabled by key options.");
        return false;
    }
    std::uint32_t display = display_offset;
    for (const auto& other : channels_)
        if (other && other->listener && other->listener->kind == ChannelListener::Kind::x11)
            display = std::max(display, other->listener->port + 1);
    for (const std::string_view address : {"::1", "127.0.0.1"}) {
        auto* listener = add_listener(ChannelListener::Kind::x11, address, display);
        if (listener == nullptr) return false;
        listener->session = channel.id;
    }
    program.x11 = true;
    program.request.environment.emplace_back("DISPLAY",
                                             "localhost:" + std::to_string(display) + ".0");
    return true;
}

OpensshConnection::Reply OpensshConnection::on_agent(Channel& channel, Reader& in) {
    if (!in.done()) return broken("ssh.bad_agent_request");
    record_name("forward.request", "auth-agent-req@openssh.com");
    if (!key_.agent_forwarding || agent_asked_) return false; // one for each connection
    agent_asked_ = true;
    const auto pid = 400 + crypto::random_below(3000);
    const auto path = "/tmp/ssh-" + random_letters(10) + "/agent." + std::to_string(pid);
    if (add_listener(ChannelListener::Kind::agent, path, 0) == nullptr) return false;
    channel.program->request.environment.emplace_back("SSH_AUTH_SOCK", path);
    return true;
}

OpensshConnection::Reply
OpensshConnection::on_command(Channel& channel, Reader& in, ProgramRequest::Kind kind) {
    const auto text = kind == ProgramRequest::Kind::shell ? std::string_view{} : c_string(in);
    if (!text || !in.done()) return broken("ssh.bad_command");
    auto& request = channel.program->request;
    request.kind = kind;
    request.command = *text;
    if (kind == ProgramRequest::Kind::command) record_command(*text);
    if (kind == ProgramRequest::Kind::subsystem) {
        record_name("client.subsystem", *text);
        if (*text != "sftp") return false; // Subsystem sftp of Debian's sshd_config
    }
    force(*channel.program);
    start_program(channel);
    return std::nullopt; // program_started() answers
}

/// do_exec() with a forced command
void OpensshConnection::force(ChannelProgram& program) {
    using Kind = ProgramRequest::Kind;
    const auto kind = program.request.kind;
    program.subsystem = kind == Kind::subsystem;
    program.request.user_rc = key_.user_rc && !program.subsystem;
    const auto asked = kind == Kind::subsystem ? std::string{session_.persona.sftp_server()}
                                               : program.request.command;
    if (!force_command(program,
                       kind == Kind::shell ? std::nullopt : std::optional<std::string_view>{asked}))
        return;
    constexpr std::string_view internal = "internal-sftp";
    auto& request = program.request;
    const auto word = request.command.substr(0, request.command.find_first_of(" \t"));
    if (word != internal) return;
    request.user_rc = false;
    if (kind == Kind::subsystem) {
        request.kind = kind;
        request.command = "sftp";
    } else {
        request.command = "echo 'This service allows sftp connections only.'; exit 1";
    }
}

OpensshConnection::Reply OpensshConnection::on_window_change(Channel& channel, Reader& in) {
    const auto columns = in.u32();
    const auto rows = in.u32();
    in.u32();
    in.u32();
    if (!in.done()) return broken("ssh.bad_window_change");
    auto& program = *channel.program;
    program.request.columns = columns;
    program.request.rows = rows;
    if (program.terminal) {
        record_size(columns, rows);
        if (program.running) programs_.resize(channel.id, columns, rows);
    }
    return true;
}

OpensshConnection::Reply OpensshConnection::on_signal(Channel& channel, Reader& in) {
    const auto name = c_string(in);
    if (!name || !in.done()) return false;
    const auto& program = *channel.program;
    const bool sent = knows_signal(*name) && program.running && !program.forced &&
                      program.request.kind != ProgramRequest::Kind::subsystem;
    if (sent)
        programs_.signal(channel.id, *name);
    else
        weird("ssh.signal", *name);
    return sent;
}

} // namespace skep::service::ssh
