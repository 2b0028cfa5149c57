#include "service/service.hpp"

namespace skep::service::telnet {
namespace {

Task<Result<void>> serve(Session& session) {
    co_return co_await session.peer.write("\r\n", session.login_within);
}

} // namespace

extern const Service entry{
    .name = "telnet", .default_port = 23, .summary = "remote terminal (RFC 854)", .serve = serve};

} // namespace skep::service::telnet
