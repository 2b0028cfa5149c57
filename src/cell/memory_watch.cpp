#include "cell/memory_watch.hpp"

#include "base/time.hpp"
#include "cell/tracee.hpp"

#include <algorithm>
#include <csignal>
#include <sys/types.h>

namespace skep::cell {

int MemoryWatch::wait_ms(std::int64_t now_ms) const {
    if (state_.tasks.size() <= few) return -1;
    return static_cast<int>(std::clamp<std::int64_t>(next_ms_ - now_ms, 0, look_every_ms));
}

bool MemoryWatch::look(std::int64_t now_ms) {
    if (wait_ms(now_ms) != 0) return false;
    next_ms_ = now_ms + look_every_ms;
    // Pages that parent and child share since a fork count for both here: a quick first look.
    std::int64_t total = 0;
    for (const auto& [pid, task] : state_.tasks)
        total += own_memory(pid, Precision::quick);
    if (total <= state_.plan.limits.memory_bytes) return true;
    total = 0;
    std::int64_t most = 0;
    pid_t largest = -1;
    for (const auto& [pid, task] : state_.tasks) {
        const auto bytes = own_memory(pid, Precision::exact);
        total += bytes;
        if (bytes <= most || pid == state_.init) continue;
        most = bytes;
        largest = pid;
    }
    if (total <= state_.plan.limits.memory_bytes || largest < 0) return true;
    event::Event event{"skep.limit", system_clock().now()};
    event.text("name", "cell_memory_bytes").text("reason", "killed");
    event.number("pid", task_status(largest).cell_pid);
    state_.outlet.send(state_.request_of(largest), std::move(event));
    ::kill(largest, SIGKILL);
    return true;
}

} // namespace skep::cell
