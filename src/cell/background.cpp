#include "cell/background.hpp"

#include "cell/tracee.hpp"
#include "process/user_namespace.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace skep::cell {
namespace {

/// Our rights in the namespace do not count here: sched_setscheduler(2) takes the process's own
/// user. The change of user makes /proc/self another's, until we are dumpable again.
void step_back(pid_t pid) {
    const auto user = static_cast<uid_t>(task_status(pid).uid + process::cell_id_first);
    if (::seteuid(user) != 0) return;
    const sched_param none{};
    ::sched_setscheduler(pid, SCHED_IDLE, &none);
    if (::seteuid(0) != 0) ::_exit(1);
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

} // namespace

void Background::look(std::int64_t now_ms) {
    for (auto& [pid, task] : state_.tasks) {
        if (task.steps_back || pid == state_.init) continue;
        const bool left = task.request != 0 && !state_.peers.contains(task.request);
        const bool old = !task.is_first && task.since_ms + young_ms <= now_ms;
        if (!left && !old) continue;
        task.steps_back = true;
        step_back(pid);
    }
}

} // namespace skep::cell
