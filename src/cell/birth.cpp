// Two steps: a middle process unshares everything but the process namespace and sets up what only
// root of the new namespaces may; its child (a sibling for us: CLONE_PARENT) is process 1.
#include "cell/birth.hpp"

#include "base/time.hpp"
#include "cell/id_space.hpp"
#include "cell/machine_process.hpp"
#include "cell/network.hpp"
#include "process/channel.hpp"
#include "process/sandbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace skep::cell {
namespace {

using process::Descriptor;

constexpr unsigned creators_first = 60001; // ids that no image uses
constexpr unsigned creators_count = 5000;
constexpr int clone_newtime = 0x80;

/// Words between the middle process and the supervisor: one packet each, the text says what.
struct Line {
    Descriptor ours;
    Descriptor theirs;
};

[[noreturn]] void give_up(int line, std::string_view what) {
    const auto text =
        fmt::format("!{}: {}", what, std::strerror(errno)); // NOLINT(concurrency-mt-unsafe)
    static_cast<void>(process::send_now(line, process::MessageKind::notice, text));
    ::_exit(1);
}

void say(int line, const std::string& text, int descriptor = -1) {
    if (!process::send_now(line, process::MessageKind::notice, text, descriptor)) ::_exit(1);
}

void limit(int resource, std::int64_t value) {
    const rlimit both{static_cast<rlim_t>(value), static_cast<rlim_t>(value)};
    ::setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

bool write_offsets(std::int64_t boot_time) {
    timespec real{};
    timespec boot{};
    ::clock_gettime(CLOCK_REALTIME, &real);
    ::clock_gettime(CLOCK_BOOTTIME, &boot);
    const std::int64_t offset =
        std::max<std::int64_t>(real.tv_sec - boot_time - boot.tv_sec, 1 - boot.tv_sec);
    const auto text = fmt::format("monotonic {0} 0\nboottime {0} 0\n", offset);
    const Descriptor file{::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC)};
    return file.valid() &&
           ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

struct Ends {
    int line;    ///< To the supervisor.
    int control; ///< Becomes descriptor 3 of the init program.
    int wait;    ///< Readable once the supervisor has attached.
    int base;
    int inject;
};

/// Whatever way out of its mount namespace a process of the cell may find, the files there stay
/// closed to it. A kernel without it leaves the other layers: docs/security.md.
void confine(const Ends& ends) {
    const Descriptor root{::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    const std::array<int, 3> places{root.get(), ends.base, ends.inject};
    static_cast<void>(process::confine_to(places));
}

/// In process 1, not yet the init program.
[[noreturn]] void become_init(const CellPlan& plan, const Ends& ends) {
    char byte = 0;
    if (::read(ends.wait, &byte, 1) != 1) ::_exit(1);
    if (auto entered = enter_tree(first_pid(plan.persona, system_clock().now() / 1000000));
        !entered)
        give_up(ends.line, entered.error().detail());
    confine(ends);
    limit(RLIMIT_AS, plan.limits.memory_bytes);
    limit(RLIMIT_FSIZE, plan.limits.disk_bytes);
    limit(RLIMIT_NOFILE, plan.limits.open_files);
    limit(RLIMIT_CPU, plan.limits.cpu_seconds);
    limit(RLIMIT_CORE, 0);
    const int line = ::fcntl(ends.line, F_DUPFD_CLOEXEC, 20);
    const int control = ::fcntl(ends.control, F_DUPFD, 20);
    const int filter = ::fcntl(plan.filter, F_DUPFD, 20);
    const int base = ::fcntl(ends.base, F_DUPFD, 20);
    ::dup2(control, 3);
    ::dup2(filter, 4);
    ::dup2(base, 5);
    const int null = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd)
        ::dup2(null, fd);
    ::syscall(SYS_close_range, 6U, static_cast<unsigned>(line) - 1, 0U);
    ::syscall(SYS_close_range, static_cast<unsigned>(line) + 1, ~0U, 0U);
    // The filter and the spawner run before any attacker's program; the base stays open for good.
    // And no signal is ignored: a program of the cell whose reader has gone dies as it should.
    for (int number = 1; number < NSIG; ++number)
        ::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr); // NOLINT(concurrency-mt-unsafe): one thread
    ::umask(022);
    std::string name = "/sbin/init";
    std::array<char*, 2> argv{name.data(), nullptr};
    std::array<char*, 1> environment{nullptr};
    ::execve(plan.init.c_str(), argv.data(), environment.data());
    give_up(line, plan.init);
}

/// In the middle process.
[[noreturn]] void unshare_and_fork(const CellPlan& plan, const Ends& ends) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    // The kernel counts a namespace's processes against its creator too: one creator for each cell
    // keeps cells apart.
    const unsigned creator = creators_first + plan.slot % creators_count;
    if (::setgroups(0, nullptr) != 0 || ::setresgid(creator, creator, creator) != 0 ||
        ::setresuid(creator, creator, creator) != 0)
        give_up(ends.line, "ids");
    limit(RLIMIT_NPROC, plan.limits.processes + 2);
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC |
                  CLONE_NEWCGROUP) != 0)
        give_up(ends.line, "namespaces");
    say(ends.line, "maps");
    char byte = 0;
    if (::read(ends.wait, &byte, 1) != 1) ::_exit(1);
    if (::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0) give_up(ends.line, "ids");
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); // files of /proc/self belong to us again
    if (auto done = mount_terminals(); !done) give_up(ends.line, done.error().detail());
    Descriptor network;
    if (auto card = make_network(plan.persona); card) network = std::move(*card);
    const auto& host = plan.persona.hostname;
    if (::sethostname(host.data(), host.size()) != 0) give_up(ends.line, "sethostname");
    if (::unshare(CLONE_NEWPID | clone_newtime) != 0 || !write_offsets(plan.persona.boot_time))
        give_up(ends.line, "time namespace");
    const auto child = static_cast<pid_t>(
        ::syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
    if (child == 0) become_init(plan, ends);
    if (child < 0) give_up(ends.line, "process 1");
    say(ends.line, fmt::format("pid {}", child), network.get());
    ::_exit(0);
}

Result<process::Message> hear(int line) {
    TRY(auto message, process::receive_now(line));
    if (message.payload.starts_with('!')) return fail(Fault::refused, message.payload.substr(1));
    return message;
}

} // namespace

Result<Newborn> give_birth(const CellPlan& plan, const CellTree& tree) {
    Newborn born;
    TRY(auto line, process::make_channel_pair());
    TRY(auto control, process::make_channel_pair());
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return fail(Fault::refused, "pipe");
    const Descriptor wait{pipe[0]};
    born.release = Descriptor{pipe[1]};
    const Ends ends{line.second.get(), control.second.get(), wait.get(), tree.base.get(),
                    tree.inject.get()};
    const pid_t middle = ::fork();
    if (middle < 0) return fail(Fault::refused, "fork");
    if (middle == 0) {
        born.release.reset();
        unshare_and_fork(plan, ends);
    }
    line.second.reset();
    control.second.reset();
    TRY(const auto asked, hear(line.first.get()));
    if (asked.payload != "maps") return fail(Fault::refused, "the middle process is confused");
    if (auto done = write_cell_maps(middle); !done) return std::unexpected{done.error()};
    if (::write(born.release.get(), "m", 1) != 1) return fail(Fault::refused, "pipe");
    TRY(auto said, hear(line.first.get()));
    int status = 0;
    while (::waitpid(middle, &status, 0) < 0 && errno == EINTR) {
    }
    if (!said.payload.starts_with("pid "))
        return fail(Fault::refused, "the middle process is confused");
    born.init = std::stoi(said.payload.substr(4));
    born.network = std::move(said.descriptor);
    born.control = std::move(control.first);
    born.line = std::move(line.first);
    return born;
}

} // namespace skep::cell
