#include "sensor/cells_link.hpp"

#include "base/wire.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <map>
#include <optional>

namespace skep::sensor {
namespace asio = boost::asio;
using namespace std::chrono_literals;
using process::MessageKind;

namespace {

constexpr auto answer_within = 10s;
constexpr std::size_t request_bytes_max = process::message_bytes_max - 64;

/// A question on its way. The timer is cancelled when the answer is there.
template <class Value> struct Waiting {
    asio::steady_timer timer;
    std::optional<Result<Value>> answer;
};

/// A program that runs, and its end once that is told.
struct Running {
    asio::steady_timer told;
    std::optional<process::CellExit> exit;
};

template <class Value>
void give(std::map<std::uint64_t, Waiting<Value>*>& waiting,
          std::uint64_t request,
          Result<Value> result) {
    const auto found = waiting.find(request);
    if (found == waiting.end()) return;
    found->second->answer = std::move(result);
    found->second->timer.cancel();
}

template <class Value> void fail_each(std::map<std::uint64_t, Waiting<Value>*>& waiting) {
    for (auto& [request, entry] : waiting) {
        entry->answer = Result<Value>{fail(Fault::closed, "cells process ended")};
        entry->timer.cancel();
    }
}

} // namespace

struct CellsLink::State {
    asio::io_context& io;
    std::unique_ptr<process::Channel> channel;
    std::uint64_t next = 1;
    std::map<std::uint64_t, Waiting<OpenedCell>*> opening;
    std::map<std::uint64_t, Waiting<KeyVerdict>*> asking;
    /// Shared with `ended`, which may wait while `close` forgets it.
    std::map<std::uint64_t, std::shared_ptr<Running>> running;

    explicit State(asio::io_context& loop) : io{loop} {}

    void close(std::uint64_t request) {
        if (const auto found = running.find(request); found != running.end()) {
            found->second->told.cancel();
            running.erase(found);
        }
        if (channel == nullptr) return;
        WireWriter out;
        out.u64(request);
        channel->send(MessageKind::cell_close, std::move(out).take());
    }

    void opened(std::uint64_t request, std::string cell, process::Message& message) {
        if (!opening.contains(request)) return close(request); // nobody waits any more
        running.emplace(request,
                        std::make_shared<Running>(Running{asio::steady_timer{io}, std::nullopt}));
        OpenedCell::Ends ends{std::move(message.descriptor), std::move(message.more[0]),
                              std::move(message.more[1])};
        give(opening, request,
             Result<OpenedCell>{OpenedCell{request, std::move(ends), std::move(cell)}});
    }

    void handle(process::Message& message) {
        if (message.kind == MessageKind::cell_closed) {
            const auto exit = process::decode_cell_exit(message.payload);
            const auto found = exit ? running.find(exit->request) : running.end();
            if (found == running.end()) return;
            found->second->exit = *exit;
            found->second->told.cancel();
            return;
        }
        WireReader fields{message.payload};
        const auto request = fields.u64();
        if (message.kind == MessageKind::cell_opened) {
            auto cell = fields.bytes();
            if (fields.finish() && message.descriptor.valid())
                opened(request, std::move(cell), message);
        } else if (message.kind == MessageKind::cell_failed) {
            auto reason = fields.bytes();
            if (fields.finish())
                give(opening, request, Result<OpenedCell>{fail(Fault::refused, std::move(reason))});
        } else if (message.kind == MessageKind::cell_key_answer) {
            if (auto answer = process::decode_key_answer(message.payload))
                give(asking, request, Result<KeyVerdict>{std::move(answer->verdict)});
        }
    }

    void fail_all() {
        fail_each(opening);
        fail_each(asking);
    }

    /// The cells process is gone, and its programs with it.
    void lose() {
        fail_all();
        for (const auto& [request, program] : running)
            program->told.cancel();
        running.clear();
    }

    void attach(process::Descriptor socket) {
        lose();
        channel = std::make_unique<process::Channel>(io, std::move(socket));
        channel->listen([this](process::Message& message) { handle(message); },
                        [this] {
                            channel.reset();
                            lose();
                        });
    }

    template <class Value>
    static Task<Result<Value>> ask(std::shared_ptr<State> state,
                                   std::map<std::uint64_t, Waiting<Value>*>& waiting,
                                   std::uint64_t request,
                                   process::Message message) {
        if (state->channel == nullptr) co_return fail(Fault::closed, "no cells process");
        if (message.payload.size() > request_bytes_max)
            co_return fail(Fault::over_limit, "request");
        Waiting<Value> entry{asio::steady_timer{state->io, answer_within}, std::nullopt};
        waiting.emplace(request, &entry);
        state->channel->send(std::move(message));
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        co_await entry.timer.async_wait(token);
        waiting.erase(request);
        if (entry.answer) co_return *std::move(entry.answer);
        co_return fail(Fault::timed_out, "no answer from the cells process");
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
    request.request = state->next++;
    process::Message message;
    message.kind = MessageKind::cell_open;
    message.payload = process::encode(request);
    auto opened = co_await State::ask(state, state->opening, request.request, std::move(message));
    if (!opened && opened.error().kind() == Fault::timed_out) state->close(request.request);
    co_return opened;
}

Task<Result<process::CellExit>> CellsLink::ended(std::uint64_t request) {
    const auto state = state_;
    const auto found = state->running.find(request);
    if (found == state->running.end()) co_return fail(Fault::closed, "no such program");
    const auto program = found->second;
    const auto& exit = program->exit;
    while (!exit) {
        program->told.expires_at(asio::steady_timer::time_point::max());
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        co_await program->told.async_wait(token);
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != asio::cancellation_type::none)
            co_return fail(Fault::cancelled);
        if (!exit && !state->running.contains(request))
            co_return fail(Fault::closed, "its cell is gone");
    }
    co_return *exit;
}

Task<Result<KeyVerdict>> CellsLink::judge_key(process::KeyQuestion question) {
    const auto state = state_;
    question.request = state->next++;
    process::Message message;
    message.kind = MessageKind::cell_key;
    message.payload = process::encode(question);
    return State::ask(state, state->asking, question.request, std::move(message));
}

void CellsLink::signal(std::uint64_t request, std::string_view name) {
    if (state_->channel == nullptr) return;
    WireWriter out;
    out.u64(request).bytes(name);
    state_->channel->send(MessageKind::cell_signal, std::move(out).take());
}

void CellsLink::fail_waiting() {
    state_->fail_all();
}

void CellsLink::close(std::uint64_t request) {
    state_->close(request);
}

} // namespace skep::sensor
