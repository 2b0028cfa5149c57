#include "cell/background.hpp"

#include "cell/tracee.hpp"
#include "process/descriptor.hpp"
#include "process/user_namespace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sched.h>
#include <string_view>
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

constexpr std::string_view light = "19";
constexpr std::string_view usual = "0";
/// The kernel lets all users together change ten weights a second.
constexpr std::int64_t change_ms = 110;

enum class Change : std::uint8_t { done, again, impossible };

/// Weighs the whole autogroup of `process`, a number or `self`.
Change weigh_group(std::string_view process, std::string_view nice) {
    const process::Descriptor file{
        ::open(fmt::format("/proc/{}/autogroup", process).c_str(), O_RDWR | O_CLOEXEC)};
    if (!file.valid()) return Change::impossible;
    std::array<char, 64> text{};
    const auto count = ::read(file.get(), text.data(), text.size());
    if (count <= 0) return Change::impossible;
    const std::string_view now{text.data(), static_cast<std::size_t>(count)};
    if (now.ends_with(fmt::format(" nice {}\n", nice))) return Change::done;
    if (::write(file.get(), nice.data(), nice.size()) > 0) return Change::done;
    return errno == EAGAIN ? Change::again : Change::impossible;
}

} // namespace

void Background::look(std::int64_t now_ms) {
    look_at_tasks(now_ms);
    if (now_ms < again_ms_) return;
    again_ms_ = weigh_groups() ? 0 : now_ms + change_ms;
}

int Background::wait_ms(std::int64_t now_ms) const {
    return again_ms_ == 0 ? -1 : static_cast<int>(std::max<std::int64_t>(again_ms_ - now_ms, 0));
}

void Background::look_at_tasks(std::int64_t now_ms) {
    for (auto& [pid, task] : state_.tasks) {
        if (pid == state_.init) continue;
        task.is_left = task.request != 0 && !state_.peers.contains(task.request);
        const bool old = !task.is_first && task.since_ms + young_ms <= now_ms;
        if (task.steps_back || (!task.is_left && !old)) continue;
        task.steps_back = true;
        step_back(pid);
    }
}

/// False if the kernel wants it tried again later.
bool Background::weigh_groups() {
    const bool in_use = !state_.peers.empty();
    if (in_use != in_use_) {
        if (weigh_group("self", in_use ? usual : light) == Change::again) return false;
        in_use_ = in_use;
    }
    for (auto& [pid, task] : state_.tasks) {
        if (!task.is_left || task.is_light) continue;
        if (weigh_group(std::to_string(pid), light) == Change::again) return false;
        task.is_light = true;
    }
    return true;
}

} // namespace skep::cell
