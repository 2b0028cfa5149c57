// What keeps hundreds of attackers' processes from taking the machine from sensor and dashboard.
#pragma once

#include "cell/state.hpp"

#include <cstdint>

namespace skep::cell {

/// Processes that run on after their session has ended, or that have run for some seconds and are
/// not a session's shell, get the scheduling policy SCHED_IDLE (sched(7)): they have all of an idle
/// machine and next to nothing of a busy one, and neither their priority nor their nice value shows
/// it. What they start inherits it; a new session's shell comes from process 1 and does not.
///
/// Where the kernel divides the machine by sessions first (autogroups, sched(7)), the group of a
/// session that is over, and the supervisor's own while no session is open, get the least weight.
class Background {
  public:
    static constexpr std::int64_t young_ms = 10'000;

    explicit Background(CellState& state) : state_{state} {}

    void look(std::int64_t now_ms);

    /// Milliseconds until the next look() is due, -1 if nothing waits for one.
    int wait_ms(std::int64_t now_ms) const;

  private:
    void look_at_tasks(std::int64_t now_ms);
    bool weigh_groups();

    CellState& state_;
    bool in_use_ = true; ///< As our own group is weighed.
    std::int64_t again_ms_ =
        0; ///< When the kernel may let us change a weight again; 0: nothing to change.
};

} // namespace skep::cell
