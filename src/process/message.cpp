#include "process/message.hpp"

#include "base/wire.hpp"

namespace skep::process {
namespace {

constexpr std::uint32_t environment_entries_max = 128; // session.c of OpenSSH takes as many

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
    if (auto done = in.finish(); !done) return std::unexpected{done.error()};
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
    out.bytes(question.username).bytes(question.blob);
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
    if (auto done = in.finish(); !done) return std::unexpected{done.error()};
    return question;
}

} // namespace skep::process
