#include "cell/standalone/server_process.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace skep::cell_init {
namespace {

/// sshd has a process that stays root above that of another user; login(1) stands below telnetd.
unsigned levels(const Program& program) {
    if (program.busybox) return 1;
    return program.ssh && program.account.uid == 0 ? 1 : 2;
}

[[noreturn]] void end_as(int status, const sigset_t& all) {
    if (WIFSIGNALED(status)) {
        // Dies of the same, so that process 1 learns what the shell died of.
        ::signal(WTERMSIG(status), SIG_DFL);
        ::sigprocmask(SIG_UNBLOCK, &all, nullptr);
        ::raise(WTERMSIG(status));
    }
    ::_exit(WEXITSTATUS(status));
}

/// A signal of process 1 is for the session's program. Another's ends what stands here, and with it
/// the connection.
[[noreturn]] void serve(pid_t child, const sigset_t& all) {
    for (;;) {
        int status = 0;
        if (::waitpid(child, &status, WNOHANG) == child) end_as(status, all);
        siginfo_t told{};
        const int number = ::sigwaitinfo(&all, &told);
        if (number < 0 || number == SIGCHLD) continue;
        if (told.si_code <= 0 && told.si_pid == ::getppid())
            ::kill(-child, number);
        else if (number == SIGTERM || number == SIGINT || number == SIGQUIT || number == SIGHUP)
            ::_exit(255);
    }
}

} // namespace

void stand_above(const Program& program) {
    sigset_t all;
    sigfillset(&all);
    ::setsid();
    for (unsigned level = levels(program); level > 0; --level) {
        // Blocked before there is a child, so that no signal is lost.
        sigset_t before;
        ::sigprocmask(SIG_BLOCK, &all, &before);
        const pid_t child = ::fork();
        if (child < 0) ::_exit(1);
        if (child == 0) {
            ::sigprocmask(SIG_SETMASK, &before, nullptr);
            // The group that signals of process 1 go to, from the first moment on.
            ::setsid();
            continue;
        }
        // What it holds of the session would keep the session open.
        const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        for (int fd = 0; fd < 3 && null >= 0; ++fd)
            ::dup2(null, fd);
        ::syscall(SYS_close_range, 3U, ~0U, 0U);
        serve(child, all);
    }
}

} // namespace skep::cell_init
