#include "net/task_set.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <list>
#include <utility>

namespace skep::net {
namespace asio = boost::asio;

struct Wakeup::State {
    asio::steady_timer timer;
    bool notified = false;

    explicit State(asio::any_io_executor executor)
        : timer{std::move(executor), asio::steady_timer::time_point::max()} {}
};

Wakeup::Wakeup(std::unique_ptr<State> state) : state_{std::move(state)} {}

Wakeup::~Wakeup() = default;
Wakeup::Wakeup(Wakeup&&) noexcept = default;
Wakeup& Wakeup::operator=(Wakeup&&) noexcept = default;

void Wakeup::notify() {
    state_->notified = true;
    state_->timer.cancel();
}

Task<Result<void>> Wakeup::wait() {
    auto& state = *state_;
    if (!state.notified) {
        boost::system::error_code
            ignored; // the timer never passes: it is cancelled, by whom we ask
        auto token = asio::redirect_error(asio::use_awaitable, ignored);
        co_await state.timer.async_wait(token);
    }
    if (!std::exchange(state.notified, false)) co_return fail(Fault::cancelled);
    co_return Result<void>{};
}

namespace {

/// What an await throws in a coroutine that has been cancelled.
bool is_cancellation(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const boost::system::system_error& thrown) {
        return thrown.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

} // namespace

struct TaskSet::State {
    using Signals = std::list<asio::cancellation_signal>;

    asio::any_io_executor executor;
    Signals running = {}; ///< One for each task.
    std::exception_ptr thrown = nullptr;
    Wakeup ended;
    bool finishing = false;

    explicit State(asio::any_io_executor on)
        : executor{on}, ended{Wakeup{std::make_unique<Wakeup::State>(std::move(on))}} {}

    /// In a turn of its own: the owner may still be busy with what the task will act on.
    void begin(Signals::iterator one, Task<void> task) {
        if (finishing) return end(one, nullptr);
        auto on_end = [this, one](std::exception_ptr error) { end(one, std::move(error)); };
        asio::co_spawn(executor, std::move(task),
                       asio::bind_cancellation_slot(one->slot(), std::move(on_end)));
    }

    void end(Signals::iterator one, std::exception_ptr error) {
        if (error && !thrown && !(finishing && is_cancellation(error))) thrown = std::move(error);
        running.erase(one);
        ended.notify();
    }
};

TaskSet::TaskSet(std::unique_ptr<State> state) : state_{std::move(state)} {}

TaskSet::~TaskSet() {
    if (!state_->running.empty()) std::terminate();
}

Task<std::unique_ptr<TaskSet>> TaskSet::make() {
    auto executor = co_await asio::this_coro::executor;
    co_return std::unique_ptr<TaskSet>{new TaskSet{std::make_unique<State>(std::move(executor))}};
}

void TaskSet::spawn(Task<void> task) {
    auto& state = *state_;
    const auto one = state.running.emplace(state.running.end());
    asio::post(state.executor, [&state, one, task = std::move(task)]() mutable {
        state.begin(one, std::move(task));
    });
}

Task<void> TaskSet::finish() {
    auto& state = *state_;
    state.finishing = true;
    for (auto& one : state.running)
        one.emit(asio::cancellation_type::terminal);
    while (!state.running.empty()) {
        const auto one_ended = co_await state.ended.wait();
        // An owner that is cancelled itself has nobody to wait for them.
        if (!one_ended) std::terminate();
    }
    if (state.thrown) std::rethrow_exception(std::exchange(state.thrown, nullptr));
}

Wakeup TaskSet::make_wakeup() {
    return Wakeup{std::make_unique<Wakeup::State>(state_->executor)};
}

} // namespace skep::net
