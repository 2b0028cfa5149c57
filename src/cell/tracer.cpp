#include "cell/tracer.hpp"

#include "cell/judge.hpp"
#include "cell/power.hpp"
#include "cell/tracee.hpp"
#include "process/descriptor.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace skep::cell {
namespace {

constexpr std::size_t path_bytes_max = 4096;
constexpr std::size_t arguments_max = 256;
constexpr std::size_t argument_bytes_max = 32768;
constexpr std::uint64_t red_zone_bytes = 128;

constexpr long trace_options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                               PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL;

/// The arguments of an execve or execveat in a traced process.
struct Exec {
    int directory = AT_FDCWD;
    std::uint64_t path = 0;
    std::uint64_t arguments = 0;
    std::uint64_t flags = 0;
    bool at = false;
};

Exec arguments_of(const user_regs_struct& registers) {
    Exec exec;
    exec.at = registers.orig_rax == SYS_execveat;
    exec.directory = exec.at ? static_cast<int>(registers.rdi) : AT_FDCWD;
    exec.path = exec.at ? registers.rsi : registers.rdi;
    exec.arguments = exec.at ? registers.rdx : registers.rsi;
    exec.flags = exec.at ? registers.r8 : 0;
    return exec;
}

/// Makes the call that is about to happen execute `path` instead: the text goes below the stack's
/// red zone.
bool redirect(pid_t pid, user_regs_struct registers, const Exec& exec, const std::string& path) {
    const auto place = (registers.rsp - red_zone_bytes - path.size() - 1) & ~std::uint64_t{15};
    if (!write_memory(pid, place, std::string_view{path.c_str(), path.size() + 1})) return false;
    if (exec.at) {
        registers.orig_rax = SYS_execve;
        registers.rsi = exec.arguments;
        registers.rdx = registers.r10;
    }
    registers.rdi = place;
    return ::ptrace(PTRACE_SETREGS, pid, nullptr, &registers) == 0;
}

/// Makes the call that is about to happen end the process, as a program that has gone into the
/// background ends.
bool end_quietly(pid_t pid, user_regs_struct registers) {
    registers.orig_rax = SYS_exit_group;
    registers.rdi = 0;
    return ::ptrace(PTRACE_SETREGS, pid, nullptr, &registers) == 0;
}

} // namespace

Result<void> Tracer::seize(pid_t init) {
    if (::ptrace(PTRACE_SEIZE, init, nullptr, trace_options) != 0)
        return fail(Fault::refused, "ptrace");
    return {};
}

Result<void> Tracer::adopt() {
    state_.tasks[state_.init] = {};
    if (!runs_only_base(state_.init)) return fail(Fault::refused, "process 1 is not the image's");
    go_on(state_.init);
    return {};
}

void Tracer::go_on(pid_t pid, int signal) const {
    // ESRCH: it was killed meanwhile; its end comes as another status.
    ::ptrace(PTRACE_CONT, pid, nullptr, static_cast<long>(signal));
}

bool Tracer::collect() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, __WALL | WNOHANG)) > 0;)
        handle(pid, status);
    return !ended_;
}

void Tracer::handle(pid_t pid, int status) {
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
        if (const auto task = state_.tasks.find(pid);
            task != state_.tasks.end() && task->second.shown_as != 0)
            state_.processes.remove(task->second.shown_as);
        state_.tasks.erase(pid);
        early_.erase(pid);
        if (pid == state_.init) ended_ = true;
        return;
    }
    if (!WIFSTOPPED(status)) return;
    const int signal = WSTOPSIG(status);
    switch (static_cast<unsigned>(status) >> 16U) {
    case PTRACE_EVENT_SECCOMP: return before_exec(pid);
    case PTRACE_EVENT_EXEC: return after_exec(pid);
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE: return handle_fork(pid);
    case PTRACE_EVENT_STOP:
        if (!state_.tasks.contains(pid)) {
            early_.insert(pid);
            return;
        }
        if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU)
            ::ptrace(PTRACE_LISTEN, pid, nullptr, nullptr);
        else
            go_on(pid);
        return;
    default: return handle_signal(pid, signal);
    }
}

void Tracer::handle_fork(pid_t pid) {
    unsigned long child = 0;
    if (::ptrace(PTRACE_GETEVENTMSG, pid, nullptr, &child) == 0) {
        const auto child_pid = static_cast<pid_t>(child);
        const auto parent = state_.tasks.find(pid);
        const bool of_server = parent != state_.tasks.end() && parent->second.is_server;
        auto& task = state_.tasks[child_pid];
        task.request = pid == state_.init ? state_.starting : state_.request_of(pid);
        task.is_first = pid == state_.init || of_server;
        task.is_machines = pid == state_.init && state_.starting == 0;
        task.is_server = of_server || (pid == state_.init && state_.starting != 0);
        if (task.is_server || task.is_machines) show(child_pid, task);
        task.since_ms = monotonic_ms();
        if (early_.erase(child_pid) != 0) go_on(child_pid);
    }
    go_on(pid);
}

/// What process 1 forks, and what that forks, stands above the session's shell until it becomes it.
void Tracer::show(pid_t pid, Task& task) const {
    task.shown_as = task_status(pid).cell_pid;
    if (task.is_machines)
        state_.processes.add_daemon(task.shown_as);
    else
        state_.processes.add_server(task.request, task.shown_as, system_clock().now() / 1000000);
}

void Tracer::handle_signal(pid_t pid, int signal) {
    if (pid == state_.init) {
        // Process 1 takes no signal from its own namespace; being traced would change that.
        siginfo_t info{};
        const bool from_kernel =
            ::ptrace(PTRACE_GETSIGINFO, pid, nullptr, &info) == 0 && info.si_code > 0;
        return go_on(pid, from_kernel ? signal : 0);
    }
    go_on(pid, signal);
}

void Tracer::before_exec(pid_t pid) {
    user_regs_struct registers{};
    if (pid == state_.init || ::ptrace(PTRACE_GETREGS, pid, nullptr, &registers) != 0)
        return go_on(pid);
    if (registers.orig_rax != SYS_execve && registers.orig_rax != SYS_execveat) return go_on(pid);
    const auto exec = arguments_of(registers);
    const auto path = read_text(pid, exec.path, path_bytes_max);
    if (!path) return go_on(pid); // EFAULT or ENAMETOOLONG
    const auto status = task_status(pid);
    const Caller caller{pid};
    auto arguments = read_texts(pid, exec.arguments, arguments_max, argument_bytes_max);
    const bool by_descriptor = path->empty() && (exec.flags & AT_EMPTY_PATH) != 0;
    const auto absolute =
        by_descriptor ? std::string{} : state_.view.absolute(caller, exec.directory, *path);
    auto place = by_descriptor ? state_.view.open_file(caller, exec.directory)
                               : state_.view.find(caller, absolute);
    const auto shown = place.exists() ? place.path : absolute;
    const auto found = judge(state_.view, caller, std::move(place), arguments);
    const auto request = state_.request_of(pid);
    // A shell that walks its PATH tries names that are not there; a name with a slash is what
    // somebody wanted.
    const bool tried_only =
        found.verdict == Verdict::absent && (arguments.empty() || !arguments[0].contains('/'));
    const bool refused_only = found.verdict == Verdict::unable && found.to_keep.empty();
    const auto task = state_.tasks.find(pid);
    const bool is_machines =
        task != state_.tasks.end() && std::exchange(task->second.is_machines, false);
    const bool ends = found.verdict == Verdict::base && status.uid == 0 && !is_machines &&
                      ends_machine(shown, arguments);
    if (!tried_only && !refused_only && !is_machines) {
        event::Event event{"process.exec", system_clock().now()};
        event.number("pid", status.cell_pid).number("uid", status.uid).text("path", shown);
        event.set("argv", std::move(arguments));
        event.text("verdict", name(found.verdict))
            .text("cwd", state_.view.absolute(caller, AT_FDCWD, ""));
        state_.outlet.send(request, std::move(event));
    }
    for (const auto& file : found.to_keep)
        state_.capture.keep(file, "exec", request);
    state_.last_pid = std::max<std::int64_t>(state_.last_pid, status.cell_pid);
    bool done = true;
    if (ends) state_.restart();
    if (ends || found.verdict == Verdict::foreign) done = end_quietly(pid, registers);
    if (found.verdict == Verdict::base && !found.instead.empty())
        done = redirect(pid, registers, exec, found.instead);
    if (!done) ::kill(pid, SIGKILL);
    go_on(pid);
}

void Tracer::after_exec(pid_t pid) {
    auto& task = state_.tasks[pid];
    if (std::exchange(task.is_server, false))
        state_.processes.remove(std::exchange(task.shown_as, 0));
    if (!runs_only_base(pid)) {
        event::Event event{"process.exec", system_clock().now()};
        event.number("pid", task_status(pid).cell_pid)
            .text("verdict", "foreign")
            .text("reason", "killed");
        state_.outlet.send(state_.request_of(pid), std::move(event));
        ::kill(pid, SIGKILL);
    }
    go_on(pid);
}

/// What the kernel has mapped, before the first instruction: every executable page is of a base
/// file or the kernel's own.
bool Tracer::runs_only_base(pid_t pid) const {
    const auto program = state_.view.open_link(fmt::format("/proc/{}/exe", pid));
    if (!state_.view.is_base(program)) return false;
    std::ifstream maps{fmt::format("/proc/{}/maps", pid)};
    for (std::string line; std::getline(maps, line);) {
        // start-end rwxp offset major:minor inode path
        const auto space = line.find(' ');
        if (space == std::string::npos || line.size() < space + 4) return false;
        if (line[space + 3] != 'x') continue;
        std::size_t at = space;
        for (int field = 0; field < 3; ++field)
            at = line.find(' ', at + 1);
        if (at == std::string::npos) return false;
        std::uint64_t inode = 0;
        const auto [end, error] =
            std::from_chars(line.data() + at + 1, line.data() + line.size(), inode);
        const auto path = line.find_first_not_of(' ', static_cast<std::size_t>(end - line.data()));
        const std::string_view name =
            path == std::string::npos ? std::string_view{} : std::string_view{line}.substr(path);
        if (name == "[vdso]" || name == "[vsyscall]") continue;
        if (error != std::errc{} || inode == 0) return false;
        if (name == program.path && inode == program.info.st_ino) continue;
        if (!state_.view.is_base_path(name, inode)) return false;
    }
    return true;
}

} // namespace skep::cell
