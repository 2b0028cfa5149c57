#include "process/child.hpp"

#include "base/wire.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <csignal>

namespace skep::process {
namespace asio = boost::asio;

namespace {

/// How long the processes of a test's deployment outlive their supervisor.
constexpr auto orphan_life = std::chrono::seconds{30};

} // namespace

struct Child::Signals {
    asio::signal_set end;
    asio::steady_timer orphaned;
};

Child::Child(asio::io_context& io, const RoleContext& context)
    : io_{io}, control_{io, Descriptor{context.control}}, ephemeral_{context.ephemeral},
      signals_{new Signals{asio::signal_set{io, SIGTERM}, asio::steady_timer{io}}} {}

Child::~Child() = default;

void Child::start() {
    signals_->end.async_wait([this](const boost::system::error_code& error, int) {
        if (!error) stop();
    });
    asio::co_spawn(io_, run(), asio::detached);
}

Task<void> Child::run() {
    for (;;) {
        auto message = co_await control_.receive();
        if (!message && message.error().kind() == Fault::malformed) continue;
        if (!message) co_return orphaned();
        if (message->kind == MessageKind::stop) break;
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
    stop();
}

void Child::orphaned() {
    if (!ephemeral_)
        return; // the next supervisor ends us by SIGTERM; until then peers are served on
    signals_->orphaned.expires_after(orphan_life);
    signals_->orphaned.async_wait([this](const boost::system::error_code& error) {
        if (!error) stop();
    });
}

void Child::stop() {
    signals_->end.cancel();
    signals_->orphaned.cancel();
    if (on_stop) std::exchange(on_stop, nullptr)();
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
