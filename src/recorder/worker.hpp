// A thread that waits for a disk, so that the loop does not.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace skep::recorder {

/// Runs jobs one after the other. A job owns what it touches until it is done; its last act is
/// usually to post its outcome back to the loop.
class Worker {
  public:
    using Job = std::move_only_function<void()>;

    Worker() = default;
    ~Worker(); ///< Finishes what was posted.
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Starts the thread. After the sandbox, which threads inherit.
    void start();

    void post(Job job);

  private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> jobs_;
    bool ending_ = false;
    std::thread thread_;
};

} // namespace skep::recorder
