#include "net/task_set.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>
#include <exception>
#include <stdexcept>

namespace {

using skep::Task;
using skep::net::TaskSet;
using skep::net::Wakeup;

/// Runs one coroutine on a loop of its own until nothing is left to do.
void run(Task<void> task) {
    boost::asio::io_context io;
    std::exception_ptr thrown;
    boost::asio::co_spawn(io, std::move(task),
                          [&](std::exception_ptr error) { thrown = std::move(error); });
    io.run();
    if (thrown) std::rethrow_exception(thrown);
}

struct Counts {
    int woken = 0;
    int ended = 0;
};

Task<void> note(Wakeup& wakeup, Wakeup& told, Counts& counts) {
    for (;;) {
        auto result = co_await wakeup.wait();
        if (!result) break;
        if (++counts.woken == 2) told.notify();
    }
    ++counts.ended;
}

Task<void> tell(Wakeup& wakeup) {
    wakeup.notify();
    co_return;
}

Task<void> cancel_some(Counts& counts) {
    auto tasks = co_await TaskSet::make();
    auto one = tasks->make_wakeup();
    auto other = tasks->make_wakeup();
    auto told = tasks->make_wakeup();
    tasks->spawn(note(one, told, counts));
    tasks->spawn(note(other, told, counts));
    one.notify();
    other.notify();
    const auto both = co_await told.wait();
    CHECK(both.has_value());
    co_await tasks->finish();
}

TEST_CASE("finish waits for every task's end") {
    Counts counts;
    run(cancel_some(counts));
    CHECK(counts.ended == 2);
}

Task<void> fail_at_once() {
    throw std::runtime_error{"a bug"};
    co_return;
}

Task<void> spawn_a_fault() {
    auto tasks = co_await TaskSet::make();
    auto last = tasks->make_wakeup();
    tasks->spawn(fail_at_once());
    tasks->spawn(tell(last));
    const auto all_ran = co_await last.wait();
    CHECK(all_ran.has_value());
    co_await tasks->finish();
}

TEST_CASE("a task's exception reaches the owner") {
    CHECK_THROWS_AS(run(spawn_a_fault()), std::runtime_error);
}

Task<void> begin_late(Counts& counts) {
    auto tasks = co_await TaskSet::make();
    auto told = tasks->make_wakeup();
    told.notify();
    tasks->spawn(note(told, told, counts));
    CHECK(counts.woken == 0);
    co_await tasks->finish();
}

TEST_CASE("a task begins when its owner waits, and never once it is cancelled") {
    Counts counts;
    run(begin_late(counts));
    CHECK(counts.woken == 0);
    CHECK(counts.ended == 0);
}

} // namespace
