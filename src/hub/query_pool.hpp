// Threads that ask the store, so that the network's thread never waits for it.
#pragma once

#include "hub/store/store.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace skep::hub {

struct PoolLimits {
    unsigned threads = 2;
    std::size_t waiting_max = 64;              ///< limits.hub_queries_waiting
    std::chrono::milliseconds longest{10'000}; ///< limits.hub_query_seconds
};

/// Jobs get values and give values. One that takes longer than `longest` has its queries
/// interrupted until it returns.
class QueryPool {
  public:
    using Job = std::move_only_function<void(store::Connection&)>;

    static Result<std::unique_ptr<QueryPool>> make(const store::Store& store,
                                                   const PoolLimits& limits);

    /// Interrupts what runs, drops what waits, and ends the threads.
    ~QueryPool();
    QueryPool(const QueryPool&) = delete;
    QueryPool& operator=(const QueryPool&) = delete;

    /// False if `waiting_max` jobs wait already. The job runs on a thread of the pool.
    bool submit(Job job);

  private:
    struct State;

    explicit QueryPool(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace skep::hub
