#include "cell/notifier.hpp"

#include "cell/tracee.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace skep::cell {
namespace {

constexpr unsigned long notif_set_flags = 0x40082104; // SECCOMP_IOCTL_NOTIF_SET_FLAGS
constexpr unsigned long notif_sync_wake_up = 1;       // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP

struct Row {
    long call;
    Handler handler;
};

constexpr std::array rows{
    Row{SYS_uname, answer_uname},
    Row{SYS_sysinfo, answer_sysinfo},
    Row{SYS_sched_getaffinity, answer_affinity},
    Row{SYS_prlimit64, answer_limit},
    Row{SYS_mmap, answer_mmap},
    Row{SYS_connect, answer_connect},
    Row{SYS_open, answer_open},
    Row{SYS_openat, answer_open},
    Row{SYS_openat2, answer_open},
    Row{SYS_creat, answer_open},
    Row{SYS_statfs, answer_statfs},
    Row{SYS_fstatfs, answer_statfs},
    Row{SYS_unlink, answer_unlink},
    Row{SYS_unlinkat, answer_unlink},
    Row{SYS_rename, answer_rename},
    Row{SYS_renameat, answer_rename},
    Row{SYS_renameat2, answer_rename},
    Row{SYS_truncate, answer_truncate},
    Row{SYS_mkdir, answer_mkdir},
    Row{SYS_mkdirat, answer_mkdir},
    Row{SYS_stat, answer_stat},
    Row{SYS_lstat, answer_stat},
    Row{SYS_newfstatat, answer_stat},
    Row{SYS_statx, answer_stat},
    Row{SYS_readlink, answer_readlink},
    Row{SYS_readlinkat, answer_readlink},
    Row{SYS_kill, answer_kill},
};

/// A kernel that is newer than our headers may send more.
std::size_t notification_bytes() {
    seccomp_notif_sizes sizes{};
    static const bool known = ::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0;
    static const std::size_t bytes =
        std::max(sizeof(seccomp_notif), known ? std::size_t{sizes.seccomp_notif} : 0);
    return bytes;
}

} // namespace

Notifier::Notifier(CellState& state, process::Descriptor listener)
    : state_{state}, listener_{std::move(listener)},
      buffer_{static_cast<seccomp_notif*>(std::calloc(1, notification_bytes())), &std::free} {
    // Linux 6.6: the answer wakes the caller on this processor at once, which saves most of a
    // notification's time. Older kernels refuse, and nothing else changes.
    ::ioctl(listener_.get(), notif_set_flags, notif_sync_wake_up);
}

Answer Notifier::decide(const Request& request) {
    for (const auto& row : rows)
        if (row.call == request.call) return row.handler(state_, request);
    return Answer::error(ENOSYS);
}

void Notifier::handle_one() {
    std::memset(buffer_.get(), 0, notification_bytes());
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, buffer_.get()) != 0)
        return; // it was killed meanwhile
    Request request{.id = buffer_->id,
                    .pid = static_cast<pid_t>(buffer_->pid),
                    .call = buffer_->data.nr,
                    .args = {}};
    std::memcpy(request.args.data(), buffer_->data.args, sizeof buffer_->data.args);
    // Process 1 is our own program and does nothing of interest before it forks.
    auto answer = request.pid == state_.init ? Answer{} : decide(request);
    if (answer.delay_ms > 0) {
        const auto due = monotonic_ms() + answer.delay_ms;
        late_.emplace(due, Late{request, std::move(answer)});
        return;
    }
    reply(request, std::move(answer));
}

int Notifier::send_due(std::int64_t now) {
    while (!late_.empty() && late_.begin()->first <= now) {
        auto late = std::move(late_.begin()->second);
        late_.erase(late_.begin());
        reply(late.request, std::move(late.answer));
    }
    return late_.empty() ? -1 : static_cast<int>(late_.begin()->first - now);
}

void Notifier::reply(const Request& request, Answer answer) {
    if (answer.kind == Answer::Kind::descriptor) {
        seccomp_notif_addfd add{};
        add.id = request.id;
        add.flags = SECCOMP_ADDFD_FLAG_SEND;
        add.srcfd = static_cast<std::uint32_t>(answer.descriptor.get());
        add.newfd_flags = answer.close_on_exec ? O_CLOEXEC : 0;
        if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_ADDFD, &add) >= 0) return;
        answer = Answer::error(errno == EMFILE ? EMFILE : EACCES);
    }
    seccomp_notif_resp response{};
    response.id = request.id;
    if (answer.kind == Answer::Kind::go_on) response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    if (answer.kind == Answer::Kind::error) response.error = -static_cast<int>(answer.number);
    if (answer.kind == Answer::Kind::value) response.val = answer.number;
    ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &response); // ENOENT: killed meanwhile
}

} // namespace skep::cell
