#include "sensor/cells_link.hpp"

#include "base/wire.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <map>
#include <optional>

namespace skep::sensor {
namespace asio = boost::asio;
using namespace std::chrono_literals;
using process::MessageKind;

namespace {

constexpr auto open_within = 10s;

/// One request on its way. The timer is cancelled when the answer is there.
struct Waiting {
    asio::steady_timer timer;
    std::optional<Result<OpenedCell>> answer;
};

} // namespace

struct CellsLink::State {
    asio::io_context& io;
    std::unique_ptr<process::Channel> channel;
    std::uint64_t next = 1;
    std::map<std::uint64_t, Waiting*> waiting;

    explicit State(asio::io_context& loop) : io{loop} {}

    void answer(std::uint64_t request, Result<OpenedCell> result) {
        const auto found = waiting.find(request);
        if (found == waiting.end()) {
            // Nobody waits any more: the shell is not wanted.
            if (result) close(request);
            return;
        }
        found->second->answer = std::move(result);
        found->second->timer.cancel();
    }

    void close(std::uint64_t request) {
        if (channel == nullptr) return;
        WireWriter out;
        out.u64(request);
        channel->send(MessageKind::cell_close, std::move(out).take());
    }

    void handle(process::Message& message) {
        WireReader fields{message.payload};
        const auto request = fields.u64();
        if (message.kind == MessageKind::cell_opened) {
            auto cell = fields.bytes();
            if (fields.finish() && message.descriptor.valid())
                answer(request,
                       OpenedCell{request, std::move(message.descriptor), std::move(cell)});
        } else if (message.kind == MessageKind::cell_failed) {
            auto reason = fields.bytes();
            if (fields.finish()) answer(request, fail(Fault::refused, std::move(reason)));
        }
    }

    void fail_all() {
        for (auto& [request, entry] : waiting) {
            entry->answer = Result<OpenedCell>{fail(Fault::closed, "cells process ended")};
            entry->timer.cancel();
        }
    }

    void attach(process::Descriptor socket) {
        fail_all();
        channel = std::make_unique<process::Channel>(io, std::move(socket));
        channel->listen([this](process::Message& message) { handle(message); },
                        [this] {
                            channel.reset();
                            fail_all();
                        });
    }
};

CellsLink::CellsLink(asio::io_context& io) : state_{std::make_shared<State>(io)} {}

CellsLink::~CellsLink() {
    state_->channel.reset();
}

void CellsLink::attach(process::Descriptor socket) {
    state_->attach(std::move(socket));
}

Task<Result<OpenedCell>> CellsLink::open(process::CellRequest request) {
    const auto state = state_;
    if (state->channel == nullptr) co_return fail(Fault::closed, "no cells process");
    request.request = state->next++;
    Waiting entry{asio::steady_timer{state->io, open_within}, std::nullopt};
    state->waiting.emplace(request.request, &entry);
    state->channel->send(MessageKind::cell_open, process::encode(request));
    boost::system::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await entry.timer.async_wait(token);
    state->waiting.erase(request.request);
    if (entry.answer) co_return *std::move(entry.answer);
    state->close(request.request);
    co_return fail(Fault::timed_out, "no answer from the cells process");
}

void CellsLink::fail_waiting() {
    state_->fail_all();
}

void CellsLink::close(std::uint64_t request) {
    state_->close(request);
}

} // namespace skep::sensor
