// The background coroutines of one owner, and how they wait for each other.
#pragma once

#include "base/result.hpp"
#include "base/task.hpp"

#include <memory>

namespace skep::net {

/// Wakes one coroutine that waits for something another one does. Lives on one thread.
class Wakeup {
  public:
    ~Wakeup();
    Wakeup(Wakeup&&) noexcept;
    Wakeup& operator=(Wakeup&&) noexcept;

    /// Ends the pending wait(), or the next one at once.
    void notify();
    /// Until notify(). Fault::cancelled if its coroutine is cancelled.
    Task<Result<void>> wait();

  private:
    friend class TaskSet;
    struct State;
    explicit Wakeup(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Coroutines that run beside their owner on its thread. The owner must await finish() before it
/// ends what they use; a set that is destroyed without it ends the process.
class TaskSet {
  public:
    /// A set on the executor of the calling coroutine.
    static Task<std::unique_ptr<TaskSet>> make();
    ~TaskSet();
    TaskSet(const TaskSet&) = delete;
    TaskSet& operator=(const TaskSet&) = delete;

    /// Starts `task`; it runs when the caller waits next, or never if it is cancelled before that.
    /// What it refers to lives until finish().
    void spawn(Task<void> task);
    /// Cancels all (their awaits return Fault::cancelled or throw, and they unwind), waits for
    /// their ends, and throws on the first exception that one of them ended
    /// with, if it was not its cancellation.
    Task<void> finish();

    Wakeup make_wakeup();

  private:
    struct State;
    explicit TaskSet(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace skep::net
