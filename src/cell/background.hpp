// What keeps hundreds of attackers' processes from taking the machine from sensor and dashboard.
#pragma once

#include "cell/state.hpp"

#include <cstdint>

namespace skep::cell {

/// Processes that run on after their session has ended, or that have run for some seconds and are
/// not a session's shell, get the scheduling policy SCHED_IDLE (sched(7)): they have all of an idle
/// machine and next to nothing of a busy one, and neither their priority nor their nice value shows
/// it. What they start inherits it; a new session's shell comes from process 1 and does not.
class Background {
  public:
    static constexpr std::int64_t young_ms = 10'000;

    explicit Background(CellState& state) : state_{state} {}

    void look(std::int64_t now_ms);

  private:
    CellState& state_;
};

} // namespace skep::cell
