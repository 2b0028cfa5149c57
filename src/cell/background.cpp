#include "cell/background.hpp"

#include <sched.h>

namespace skep::cell {

void Background::look(std::int64_t now_ms) {
    for (auto& [pid, task] : state_.tasks) {
        if (task.steps_back || pid == state_.init) continue;
        const bool left = task.request != 0 && !state_.peers.contains(task.request);
        const bool old = !task.is_first && task.since_ms + young_ms <= now_ms;
        if (!left && !old) continue;
        task.steps_back = true;
        const sched_param none{};
        ::sched_setscheduler(pid, SCHED_IDLE, &none);
    }
}

} // namespace skep::cell
