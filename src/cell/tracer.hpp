// Attaches to everything in a cell, so that no program starts unseen and none that is not the
// image's runs one instruction.
#pragma once

#include "base/result.hpp"
#include "cell/state.hpp"

namespace skep::cell {

class Tracer {
  public:
    explicit Tracer(CellState& state) : state_{state} {}

    /// Attaches to process 1 before it has become the init program. Everything it starts is
    /// attached by the kernel, and killed when the tracer ends.
    static Result<void> seize(pid_t init);

    /// Lets process 1, stopped at its execve, go on if it is the image's.
    Result<void> adopt();

    /// Handles every stop that is waiting. False once process 1 has ended.
    bool collect();

  private:
    void handle(pid_t pid, int status);
    void handle_fork(pid_t pid);
    void show(pid_t pid, Task& task) const;
    void handle_signal(pid_t pid, int signal);
    void before_exec(pid_t pid);
    void after_exec(pid_t pid);
    bool runs_only_base(pid_t pid) const;
    void go_on(pid_t pid, int signal = 0) const;

    CellState& state_;
    std::set<pid_t> early_; ///< Children that stopped before their parent told of them.
    bool ended_ = false;
};

} // namespace skep::cell
