// The memory of a whole cell, bounded without a cgroup.
#pragma once

#include "cell/state.hpp"

#include <cstdint>

namespace skep::cell {

/// Does what the kernel of a machine with so little memory would: when the processes of the cell
/// hold more than limits.cell_memory_bytes, the largest one is killed. RLIMIT_AS bounds each of
/// them to as much, so a few need no watching.
class MemoryWatch {
  public:
    static constexpr int look_every_ms = 250;

    explicit MemoryWatch(CellState& state) : state_{state} {}

    /// Milliseconds until look() is due, -1 if there is nothing to watch.
    int wait_ms(std::int64_t now_ms) const;

    /// Measures if it is due; kills at most one process and tells the event skep.limit. False if it
    /// was not due.
    bool look(std::int64_t now_ms);

  private:
    static constexpr std::size_t few = 3; ///< Process 1, cron, a shell.

    CellState& state_;
    std::int64_t next_ms_ = 0;
};

} // namespace skep::cell
