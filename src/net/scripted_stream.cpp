#include "net/scripted_stream.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace skep::net {
namespace {

Task<void> let_others_run(int turns) {
    const auto executor = co_await boost::asio::this_coro::executor;
    for (int turn = 0; turn < turns; ++turn)
        co_await boost::asio::post(executor, boost::asio::use_awaitable);
}

} // namespace

void ScriptedStream::peer_sends(std::string bytes) {
    if (!bytes.empty()) steps_.push_back({.bytes = std::move(bytes), .time = {}});
}

void ScriptedStream::time_passes(std::chrono::milliseconds time) {
    steps_.push_back({.bytes = {}, .time = time});
}

void ScriptedStream::fail_call(std::size_t n, Fault kind) {
    fail_at_ = n;
    fail_with_ = kind;
}

Result<void> ScriptedStream::call(std::chrono::milliseconds within) {
    ++calls_;
    if (fail_at_ == 0 || calls_ < fail_at_) return Result<void>{};
    if (fail_with_ == Fault::timed_out) pass(within);
    return fail(fail_with_, "scripted");
}

void ScriptedStream::tell(Moment moment, std::string_view bytes, std::chrono::milliseconds time) {
    if (watch_) watch_(moment, bytes, time);
}

void ScriptedStream::pass(std::chrono::milliseconds time) {
    now_ += Micros{time.count()} * 1000;
}

Task<Result<std::string>> ScriptedStream::read_some(std::size_t bytes_max,
                                                    std::chrono::milliseconds within) {
    CO_CHECK(call(within));
    co_await let_others_run(turns_);
    while (!steps_.empty()) {
        auto& step = steps_.front();
        const bool begun = std::exchange(step.begun, true);
        if (!step.bytes.empty()) {
            if (!begun) tell(Moment::sent_by_peer, step.bytes);
            auto bytes = step.bytes.substr(0, bytes_max);
            step.bytes.erase(0, bytes.size());
            if (step.bytes.empty()) steps_.pop_front();
            co_return bytes;
        }
        if (!begun) tell(Moment::time_passed, {}, step.time);
        if (within <= step.time) {
            step.time -= within;
            pass(within);
            co_return fail(Fault::timed_out);
        }
        pass(step.time);
        within -= step.time;
        steps_.pop_front();
    }
    if (!std::exchange(end_told_, true)) tell(Moment::closed_by_peer, {});
    co_return fail(Fault::closed);
}

Task<Result<void>> ScriptedStream::write(std::string_view bytes, std::chrono::milliseconds within) {
    CO_CHECK(call(within));
    written_ += bytes;
    tell(Moment::written, bytes);
    co_return Result<void>{};
}

Task<Result<void>> ScriptedStream::write_urgent(char byte, std::chrono::milliseconds within) {
    CO_CHECK(call(within));
    written_ += byte;
    const std::string_view bytes{&byte, 1};
    tell(Moment::urgent, bytes);
    co_return Result<void>{};
}

Task<Result<void>> ScriptedStream::pause(std::chrono::milliseconds time) {
    CO_CHECK(call(time));
    co_await let_others_run(turns_);
    pass(time);
    co_return Result<void>{};
}

} // namespace skep::net
