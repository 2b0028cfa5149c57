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
    struct Running {
        Group group;
        asio::cancellation_signal signal;
        bool cancelled = false;

        explicit Running(Group of) : group{of} {}
    };

    asio::any_io_executor executor;
    std::list<Running> running = {};
    std::exception_ptr thrown = nullptr;
    Wakeup ended;

    explicit State(asio::any_io_executor on)
        : executor{on}, ended{Wakeup{std::make_unique<Wakeup::State>(std::move(on))}} {}

    using Entry = std::list<Running>::iterator;

    /// In a turn of its own: the owner may still be busy with what the task will act on.
    void begin(Entry one, Task<void> task) {
        if (one->cancelled) return end(one, nullptr);
        auto on_end = [this, one](std::exception_ptr error) { end(one, std::move(error)); };
        asio::co_spawn(executor, std::move(task),
                       asio::bind_cancellation_slot(one->signal.slot(), std::move(on_end)));
    }

    void end(Entry one, std::exception_ptr error) {
        if (error && !thrown && !(one->cancelled && is_cancellation(error)))
            thrown = std::move(error);
        running.erase(one);
        ended.notify();
    }

    static void cancel(Running& one) {
        one.cancelled = true;
        one.signal.emit(asio::cancellation_type::terminal);
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

void TaskSet::spawn(Group group, Task<void> task) {
    auto& state = *state_;
    const auto one = state.running.emplace(state.running.end(), group);
    asio::post(state.executor, [&state, one, task = std::move(task)]() mutable {
        state.begin(one, std::move(task));
    });
}

void TaskSet::cancel(Group group) {
    for (auto& one : state_->running)
        if (one.group == group) State::cancel(one);
}

Task<void> TaskSet::finish() {
    auto& state = *state_;
    for (auto& one : state.running)
        State::cancel(one);
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
