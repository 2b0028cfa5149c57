#include "process/child.hpp"

#include "base/wire.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace skep::process {
namespace asio = boost::asio;

Child::Child(asio::io_context& io, const RoleContext& context)
    : io_{io}, control_{io, Descriptor{context.control}} {}

void Child::start() {
    asio::co_spawn(io_, run(), asio::detached);
}

Task<void> Child::run() {
    for (;;) {
        auto message = co_await control_.receive();
        if (!message || message->kind == MessageKind::stop) break;
        WireReader fields{message->payload};
        if (message->kind == MessageKind::peer) {
            const auto name = fields.bytes();
            if (fields.finish() && on_peer) on_peer(name, std::move(message->descriptor));
        } else if (message->kind == MessageKind::listener) {
            const auto service = fields.bytes();
            const auto address = fields.bytes();
            if (fields.finish() && on_listener)
                on_listener(service, address, std::move(message->descriptor));
        }
    }
    if (on_stop) on_stop();
}

void Child::ready() {
    control_.send(MessageKind::ready, {});
}

void Child::report(std::string_view name, std::uint64_t value) {
    WireWriter out;
    out.bytes(name).u64(value);
    control_.send(MessageKind::report, std::move(out).take());
}

void Child::notice(std::string_view name, std::string_view text) {
    WireWriter out;
    out.bytes(name.substr(0, notice_bytes_max)).bytes(text.substr(0, notice_bytes_max));
    control_.send(MessageKind::notice, std::move(out).take());
}

} // namespace skep::process
