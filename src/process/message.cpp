#include "process/message.hpp"

#include "base/wire.hpp"

namespace skep::process {
namespace {

constexpr std::uint32_t environment_entries_max = 64;

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
    if (auto done = in.finish(); !done) return std::unexpected{done.error()};
    return request;
}

} // namespace skep::process
