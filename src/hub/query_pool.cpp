#include "hub/query_pool.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace skep::hub {
namespace {

using Steady = std::chrono::steady_clock;

/// How often a job that is too late is interrupted again: it may have begun another query.
constexpr std::chrono::milliseconds again_after{20};

} // namespace

struct QueryPool::State {
    struct Worker {
        store::Connection connection;
        std::optional<Steady::time_point> deadline; // set while a job runs
    };

    PoolLimits limits;
    std::mutex lock; // of everything below
    std::condition_variable changed;
    std::deque<Job> waiting;
    std::vector<std::unique_ptr<Worker>> workers;
    bool ending = false;
    std::vector<std::jthread> threads; // last: they end first

    void work(Worker& worker) {
        std::unique_lock held{lock};
        for (;;) {
            changed.wait(held, [&] { return ending || !waiting.empty(); });
            if (ending) return;
            {
                auto job = std::move(waiting.front());
                waiting.pop_front();
                worker.deadline = Steady::now() + limits.longest;
                changed.notify_all();
                held.unlock();
                job(worker.connection);
                // What the job holds goes before the lock is taken again.
            }
            held.lock();
            worker.deadline.reset();
        }
    }

    /// Wakes at the earliest deadline only.
    void watch() {
        std::unique_lock held{lock};
        for (;;) {
            const auto now = Steady::now();
            auto next = Steady::time_point::max();
            bool busy = false;
            for (auto& worker : workers) {
                if (!worker->deadline) continue;
                busy = true;
                if (ending || *worker->deadline <= now) {
                    worker->connection.interrupt();
                    next = std::min(next, now + again_after);
                } else {
                    next = std::min(next, *worker->deadline);
                }
            }
            if (ending && !busy) return;
            if (next == Steady::time_point::max())
                changed.wait(held);
            else
                changed.wait_until(held, next);
        }
    }
};

QueryPool::QueryPool(std::unique_ptr<State> state) : state_{std::move(state)} {
    for (auto& worker : state_->workers)
        state_->threads.emplace_back(
            [state = state_.get(), target = worker.get()] { state->work(*target); });
    state_->threads.emplace_back([state = state_.get()] { state->watch(); });
}

Result<std::unique_ptr<QueryPool>> QueryPool::make(const store::Store& store,
                                                   const PoolLimits& limits) {
    auto state = std::make_unique<State>();
    state->limits = limits;
    for (unsigned i = 0; i < limits.threads; ++i) {
        TRY(auto connection, store.connect());
        state->workers.push_back(
            std::make_unique<State::Worker>(State::Worker{std::move(connection), {}}));
    }
    return std::unique_ptr<QueryPool>{new QueryPool{std::move(state)}};
}

QueryPool::~QueryPool() {
    {
        const std::scoped_lock held{state_->lock};
        state_->ending = true;
        state_->waiting.clear();
    }
    state_->changed.notify_all();
    state_->threads.clear();
}

bool QueryPool::submit(Job job) {
    {
        const std::scoped_lock held{state_->lock};
        if (state_->ending || state_->waiting.size() >= state_->limits.waiting_max) return false;
        state_->waiting.push_back(std::move(job));
    }
    state_->changed.notify_all();
    return true;
}

} // namespace skep::hub
