#include "process/message.hpp"

#include "base/wire.hpp"

namespace skep::process {
namespace {

/// session.c of OpenSSH takes 129 of a client; DISPLAY, SSH_AUTH_SOCK and SSH_ORIGINAL_COMMAND are
/// ours.
constexpr std::uint32_t environment_entries_max = 132;

// Flags of a KeyAnswer.
constexpr std::uint8_t key_held = 1, key_agent = 2, key_ports = 4, key_pty = 8, key_rc = 16,
                       key_x11 = 32, key_command = 64, key_flags = 127;

void write_permits(WireWriter& out, const std::vector<ForwardPermit>& permits) {
    out.u32(static_cast<std::uint32_t>(permits.size()));
    for (const auto& permit : permits)
        out.bytes(permit.host).u32(permit.port);
}

bool read_permits(WireReader& in, std::vector<ForwardPermit>& permits) {
    const auto count = in.u32();
    if (count > key_permits_max) return false;
    std::size_t bytes = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        auto host = in.bytes();
        bytes += host.size();
        const auto port = in.u32();
        permits.push_back({std::move(host), port});
    }
    return bytes <= key_permit_bytes_max;
}

bool read_notes(WireReader& in, std::vector<std::string>& notes) {
    const auto count = in.u32();
    if (count > key_notes_max) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        notes.push_back(in.bytes());
        if (notes.back().size() > key_note_bytes_max) return false;
    }
    return true;
}

} // namespace

std::string encode(const CellRequest& request) {
    WireWriter out;
    out.u64(request.request)
        .bytes(request.session)
        .bytes(request.persona)
        .bytes(request.key)
        .bytes(request.src_ip);
    out.bytes(request.protocol)
        .bytes(request.username)
        .bytes(request.term)
        .u32(request.columns)
        .u32(request.rows);
    out.bytes(request.remote_host).u32(static_cast<std::uint32_t>(request.environment.size()));
    for (const auto& [name, value] : request.environment)
        out.bytes(name).bytes(value);
    out.u8(static_cast<std::uint8_t>(request.kind)).u8(request.terminal ? 1 : 0);
    out.bytes(request.command).bytes(request.modes);
    out.u32(request.src_port).bytes(request.dst_ip).u32(request.dst_port);
    out.u8(request.user_rc ? 1 : 0);
    return std::move(out).take();
}

Result<CellRequest> decode_cell_request(std::string_view payload) {
    WireReader in{payload};
    CellRequest request;
    request.request = in.u64();
    request.session = in.bytes();
    request.persona = in.bytes();
    request.key = in.bytes();
    request.src_ip = in.bytes();
    request.protocol = in.bytes();
    request.username = in.bytes();
    request.term = in.bytes();
    request.columns = in.u32();
    request.rows = in.u32();
    request.remote_host = in.bytes();
    const auto count = in.u32();
    if (count > environment_entries_max) return fail(Fault::over_limit, "environment entries");
    for (std::uint32_t i = 0; i < count; ++i) {
        auto name = in.bytes();
        auto value = in.bytes();
        request.environment.emplace_back(std::move(name), std::move(value));
    }
    const auto kind = in.u8();
    const auto terminal = in.u8();
    if (kind > static_cast<std::uint8_t>(CellRequest::Kind::subsystem) || terminal > 1)
        return fail(Fault::malformed, "kind of program");
    request.kind = static_cast<CellRequest::Kind>(kind);
    request.terminal = terminal == 1;
    request.command = in.bytes();
    request.modes = in.bytes();
    request.src_port = in.u32();
    request.dst_ip = in.bytes();
    request.dst_port = in.u32();
    const auto user_rc = in.u8();
    if (auto done = in.finish(); !done) return std::unexpected{done.error()};
    if (user_rc > 1) return fail(Fault::malformed, "user_rc");
    request.user_rc = user_rc == 1;
    return request;
}

std::string encode(const CellExit& exit) {
    WireWriter out;
    out.u64(exit.request).u32(exit.status).u32(exit.signal).u8(exit.core ? 1 : 0);
    return std::move(out).take();
}

Result<CellExit> decode_cell_exit(std::string_view payload) {
    WireReader in{payload};
    CellExit exit;
    exit.request = in.u64();
    exit.status = in.u32();
    exit.signal = in.u32();
    const auto core = in.u8();
    exit.core = core == 1;
    if (auto done = in.finish(); !done) return std::unexpected{done.error()};
    if (core > 1) return fail(Fault::malformed, "core");
    return exit;
}

std::string encode(const KeyQuestion& question) {
    WireWriter out;
    out.u64(question.request).bytes(question.persona).bytes(question.key);
    out.bytes(question.username).bytes(question.blob).bytes(question.src_ip);
    return std::move(out).take();
}

Result<KeyQuestion> decode_key_question(std::string_view payload) {
    WireReader in{payload};
    KeyQuestion question;
    question.request = in.u64();
    question.persona = in.bytes();
    question.key = in.bytes();
    question.username = in.bytes();
    question.blob = in.bytes();
    question.src_ip = in.bytes();
    if (auto done = in.finish(); !done) return std::unexpected{done.error()};
    return question;
}

std::string encode(const KeyAnswer& answer) {
    const auto& options = answer.verdict.options;
    std::uint8_t flags = 0;
    const auto add = [&](bool when, std::uint8_t flag) {
        if (when) flags = static_cast<std::uint8_t>(flags | flag);
    };
    add(answer.verdict.held, key_held);
    add(options.agent_forwarding, key_agent);
    add(options.port_forwarding, key_ports);
    add(options.pty, key_pty);
    add(options.user_rc, key_rc);
    add(options.x11_forwarding, key_x11);
    add(options.command.has_value(), key_command);
    WireWriter out;
    out.u64(answer.request).u8(flags);
    if (options.command) out.bytes(*options.command);
    write_permits(out, options.permit_open);
    write_permits(out, options.permit_listen);
    out.u32(static_cast<std::uint32_t>(answer.verdict.notes.size()));
    for (const auto& note : answer.verdict.notes)
        out.bytes(note);
    return std::move(out).take();
}

Result<KeyAnswer> decode_key_answer(std::string_view payload) {
    WireReader in{payload};
    KeyAnswer answer;
    auto& options = answer.verdict.options;
    answer.request = in.u64();
    const auto flags = in.u8();
    const auto has = [&](std::uint8_t flag) { return (flags & flag) != 0; };
    if (flags > key_flags) return fail(Fault::malformed, "flags of a key");
    answer.verdict.held = has(key_held);
    options.agent_forwarding = has(key_agent);
    options.port_forwarding = has(key_ports);
    options.pty = has(key_pty);
    options.user_rc = has(key_rc);
    options.x11_forwarding = has(key_x11);
    if (has(key_command)) options.command = in.bytes();
    const bool long_command = options.command && options.command->size() > key_command_bytes_max;
    if (long_command || !read_permits(in, options.permit_open) ||
        !read_permits(in, options.permit_listen) || !read_notes(in, answer.verdict.notes))
        return fail(Fault::over_limit, "options of a key");
    if (auto done = in.finish(); !done) return std::unexpected{done.error()};
    return answer;
}

} // namespace skep::process
