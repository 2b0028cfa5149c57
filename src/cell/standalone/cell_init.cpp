// Process 1 of a cell: a static program in the image, at the place of the persona's init.
//
// It installs the system-call filter that it finds in descriptor 4, hands the notification socket
// to the supervisor over descriptor 3, and then starts what the supervisor asks for and reaps what
// ends. Messages are NUL-terminated words in one packet. No C++ library, no heap: an idle copy
// costs a few pages.
#include "cell/standalone/environment.hpp"
#include "cell/standalone/login_record.hpp"
#include "cell/standalone/modes.hpp"
#include "cell/standalone/server_process.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace skep::cell_init;

constexpr int control = 3;
constexpr int filter_program = 4;
constexpr int message_kind = 12; // process::MessageKind::notice
constexpr unsigned sessions_max = 1024;
constexpr unsigned words_max = 160;
constexpr std::size_t message_bytes_max = std::size_t{160} * 1024;
constexpr unsigned ends_max = 3;
constexpr unsigned program_words = 11;        ///< Of a request to start one, without variables.
constexpr unsigned notify_flags = 1U << 3U;   // SECCOMP_FILTER_FLAG_NEW_LISTENER
constexpr unsigned killable_flags = 1U << 5U; // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, Linux 5.19

struct Running {
    pid_t pid;
    unsigned long request;
    char line[16]; ///< Empty without a terminal.
    bool openssh;
};

/// Our side's ends of a program: a terminal's master, or those of three pipes.
struct Ends {
    int ours[ends_max] = {-1, -1, -1};
    int its[ends_max] = {-1, -1, -1};
    unsigned count = 0;
};

Running running[sessions_max];
char message[message_bytes_max];
char* words[words_max];
sigset_t original_mask;

union Control {
    char bytes[CMSG_SPACE(sizeof(int) * ends_max)];
    cmsghdr align;
};

void send_words(char* text, std::size_t size, const int* descriptors, unsigned count) {
    iovec part{text, size};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    Control room{};
    if (count > 0) {
        header.msg_control = room.bytes;
        header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        cmsghdr* head = CMSG_FIRSTHDR(&header);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int) * count);
        std::memcpy(CMSG_DATA(head), descriptors, sizeof(int) * count);
    }
    while (::sendmsg(control, &header, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

void report(const char* kind,
            unsigned long request,
            long number,
            const int* descriptors = nullptr,
            unsigned count = 0) {
    char text[96];
    const int size = std::snprintf(text, sizeof text, "%c%s%c%lu%c%ld", message_kind, kind, 0,
                                   request, 0, number);
    send_words(text, static_cast<std::size_t>(size) + 1, descriptors, count);
}

[[noreturn]] void give_up(const char* what) {
    report(what, 0, errno);
    ::_exit(1);
}

void install_filter() {
    struct stat info{};
    static sock_filter program[4096];
    if (::fstat(filter_program, &info) != 0 ||
        static_cast<std::size_t>(info.st_size) > sizeof program)
        give_up("filter");
    const ssize_t size = ::pread(filter_program, program, sizeof program, 0);
    ::close(filter_program);
    sock_fprog described{};
    described.len = static_cast<unsigned short>(static_cast<std::size_t>(size) / sizeof program[0]);
    described.filter = program;
    long listener =
        ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, notify_flags | killable_flags, &described);
    if (listener < 0)
        listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, notify_flags, &described);
    if (listener < 0) give_up("seccomp");
    const int socket = static_cast<int>(listener);
    report("ready", 0, 0, &socket, 1);
    ::close(socket);
}

bool open_terminal(Program& program, Ends& ends) {
    const int master = ::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) return false;
    ends.ours[0] = master;
    ends.count = 1;
    unsigned number = 0;
    const int unlock = 0;
    if (::ioctl(master, TIOCGPTN, &number) != 0 || ::ioctl(master, TIOCSPTLCK, &unlock) != 0)
        return false;
    std::snprintf(program.line, sizeof program.line, "pts/%u", number % 100000);
    winsize size{};
    size.ws_col = program.columns;
    size.ws_row = program.rows;
    ::ioctl(master, TIOCSWINSZ, &size);
    apply_modes(master, program.modes, program.busybox);
    const auto& account = program.account;
    char path[32];
    std::snprintf(path, sizeof path, "/dev/%s", program.line);
    if (::chown(path, account.uid, group_id("tty", account.gid)) == 0) ::chmod(path, 0620);
    return true;
}

/// Three pipes as sshd makes them, which belong to the user.
bool open_pipes(const Account& account, Ends& ends) {
    ends.count = ends_max;
    for (unsigned i = 0; i < ends_max; ++i) {
        int pair[2];
        if (::pipe2(pair, O_CLOEXEC) != 0) return false;
        const bool input = i == 0;
        ends.its[i] = pair[input ? 0 : 1];
        ends.ours[i] = pair[input ? 1 : 0];
        if (account.uid != 0 && ::fchown(pair[0], account.uid, account.gid) != 0) return false;
    }
    return true;
}

void close_all(const int* descriptors) {
    for (unsigned i = 0; i < ends_max; ++i)
        if (descriptors[i] >= 0) ::close(descriptors[i]);
}

/// In the child: its descriptors 0 to 2.
void take_place(const Program& program, const Ends& ends) {
    ::setsid();
    if (!program.terminal) {
        for (int fd = 0; fd < 3; ++fd)
            ::dup2(ends.its[fd], fd);
        return;
    }
    char path[32];
    std::snprintf(path, sizeof path, "/dev/%s", program.line);
    const int terminal = ::open(path, O_RDWR);
    if (terminal < 0) ::_exit(1);
    ::ioctl(terminal, TIOCSCTTY, 0);
    for (int fd = 0; fd < 3; ++fd)
        ::dup2(terminal, fd);
}

/// In the user's home directory, or in the server's words where there is none.
void go_home(const Program& program) {
    const char* home = program.account.home;
    if (::chdir(home) == 0) return;
    const char* reason = std::strerror(errno);
    if (::chdir("/") != 0) ::_exit(1);
    if (!program.ssh)
        dprintf(STDOUT_FILENO, "No directory, logging in with HOME=/\r\n");
    else if (program.busybox)
        dprintf(STDERR_FILENO, "Failed chdir '%s': %s\n", home, reason);
    else
        dprintf(STDERR_FILENO, "Could not chdir to home directory %s: %s\n", home, reason);
}

/// In the child: do_rc_files() of OpenSSH 9.2, whose command popen(3) runs with nothing to read.
void run_start_file(const Program& program, char** environment) {
    if (!program.ssh || program.busybox) return;
    char path[320];
    char command[640];
    struct stat info{};
    std::snprintf(path, sizeof path, "%s/.ssh/rc", program.account.home);
    if (program.user_rc && ::stat(path, &info) == 0)
        std::snprintf(command, sizeof command, "%s -c '/bin/sh %s'", program.account.shell, path);
    else if (::stat("/etc/ssh/sshrc", &info) == 0)
        std::snprintf(command, sizeof command, "/bin/sh /etc/ssh/sshrc");
    else
        return;
    int nothing[2];
    if (::pipe2(nothing, O_CLOEXEC) != 0) return;
    const pid_t child = ::fork();
    if (child == 0) {
        char name[] = "sh";
        char option[] = "-c";
        char* run[] = {name, option, command, nullptr};
        ::dup2(nothing[0], STDIN_FILENO);
        ::execve("/bin/sh", run, environment);
        ::_exit(127);
    }
    ::close(nothing[0]);
    ::close(nothing[1]);
    while (child > 0 && ::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
}

/// In the child: becomes the session's program, as login(1) or sshd does it.
[[noreturn]] void become_program(const Program& program, const Ends& ends, char** environment) {
    const auto& account = program.account;
    take_place(program, ends);
    ::syscall(SYS_close_range, 3U, ~0U, 0U);
    ::sigprocmask(SIG_SETMASK, &original_mask, nullptr);
    ::umask(022);
    greet(program);
    if (::setgroups(account.groups_count, account.groups) != 0 ||
        ::setresgid(account.gid, account.gid, account.gid) != 0 ||
        ::setresuid(account.uid, account.uid, account.uid) != 0)
        ::_exit(1);
    go_home(program);
    run_start_file(program, environment);
    char name[72];
    const char* base = std::strrchr(account.shell, '/');
    base = base == nullptr ? account.shell : base + 1;
    std::snprintf(name, sizeof name, "%s%.70s", program.command == nullptr ? "-" : "", base);
    char option[] = "-c";
    char* login[] = {name, nullptr};
    char* run[] = {name, option, const_cast<char*>(program.command), nullptr};
    ::execve(account.shell, program.command == nullptr ? login : run, environment);
    const char* reason = std::strerror(errno);
    if (program.ssh)
        dprintf(STDERR_FILENO, "%s: %s\n", account.shell, reason);
    else
        dprintf(STDOUT_FILENO, "Cannot execute %s: %s\r\n", account.shell, reason);
    ::_exit(1);
}

Running* free_slot() {
    for (auto& slot : running)
        if (slot.pid == 0) return &slot;
    return nullptr;
}

/// program REQUEST FLAGS USER TERM COLUMNS ROWS HOST MODES CLIENT COMMAND [NAME=VALUE]...
/// FLAGS: r every user is root, b BusyBox or dropbear, s SSH, t terminal, c the command counts, u
/// ~/.ssh/rc runs.
void start_program(unsigned count) {
    const unsigned long request = std::strtoul(words[1], nullptr, 10);
    static Program program;
    program = {};
    Running* slot = free_slot();
    if (slot == nullptr) return report("failed", request, EAGAIN);
    const auto flag = [](char letter) { return std::strchr(words[2], letter) != nullptr; };
    program.busybox = flag('b');
    program.ssh = flag('s');
    program.terminal = flag('t');
    program.user_rc = flag('u');
    if (flag('c')) program.command = words[10];
    program.term = words[4];
    program.columns = static_cast<unsigned short>(std::atoi(words[5]));
    program.rows = static_cast<unsigned short>(std::atoi(words[6]));
    program.host = words[7];
    program.modes = words[8];
    program.client = words[9];
    program.environment = words + program_words;
    program.environment_count = count - program_words;
    if (!find_account(words[3], flag('r'), program.account))
        return report("failed", request, ENOENT);
    Ends ends;
    const bool opened =
        program.terminal ? open_terminal(program, ends) : open_pipes(program.account, ends);
    char** environment = opened ? make_environment(program) : nullptr;
    const pid_t child = opened ? ::fork() : -1;
    if (child == 0) {
        stand_above(program);
        become_program(program, ends, environment);
    }
    if (child < 0) {
        report("failed", request, errno);
    } else {
        slot->pid = child;
        slot->request = request;
        slot->openssh = program.ssh && !program.busybox;
        std::memcpy(slot->line, program.line, sizeof slot->line);
        report("started", request, child, ends.ours, ends.count);
    }
    close_all(ends.ours);
    close_all(ends.its);
}

Running* find_slot(unsigned long request) {
    for (auto& slot : running)
        if (slot.pid != 0 && slot.request == request) return &slot;
    return nullptr;
}

/// daemon PATH WORD...: a background program of the image, as the persona's init would have started
/// it.
void start_daemon(unsigned count) {
    if (count < 3) return;
    const pid_t child = ::fork();
    if (child != 0) return;
    ::setsid();
    const int null = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3 && null >= 0; ++fd)
        ::dup2(null, fd);
    ::syscall(SYS_close_range, 3U, ~0U, 0U);
    ::sigprocmask(SIG_SETMASK, &original_mask, nullptr);
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    static char language[] = "LANG=en_US.UTF-8";
    char* environment[] = {language, path, nullptr};
    if (::chdir("/") == 0) ::execve(words[1], words + 2, environment);
    ::_exit(1);
}

void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        for (auto& slot : running) {
            if (slot.pid != pid) continue;
            slot.pid = 0;
            report("ended", slot.request, status);
            if (slot.line[0] != 0) record_logout(slot.line, slot.openssh, pid);
        }
    }
}

/// False when the supervisor is gone.
bool take_message() {
    const ssize_t size = ::recv(control, message, sizeof message - 1, 0);
    if (size < 0) return errno == EINTR || errno == EAGAIN;
    if (size == 0) return false;
    message[size] = 0;
    unsigned count = 0;
    for (char* at = message + 1; at < message + size && count + 1 < words_max;
         at += std::strlen(at) + 1)
        words[count++] = at;
    words[count] = nullptr;
    if (count >= program_words && std::strcmp(words[0], "program") == 0) start_program(count);
    if (count >= 3 && std::strcmp(words[0], "daemon") == 0) start_daemon(count);
    if (count >= 3 && std::strcmp(words[0], "signal") == 0) {
        const Running* slot = find_slot(std::strtoul(words[1], nullptr, 10));
        if (slot != nullptr) ::kill(-slot->pid, std::atoi(words[2]));
    }
    return true;
}

} // namespace

int main() {
    ::setsid();
    ::fcntl(control, F_SETFD, FD_CLOEXEC);
    install_filter();
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &children, &original_mask);
    const int ended = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    pollfd waits[2] = {{control, POLLIN, 0}, {ended, POLLIN, 0}};
    for (;;) {
        if (::poll(waits, 2, -1) < 0 && errno != EINTR) return 1;
        signalfd_siginfo ignored;
        while (::read(ended, &ignored, sizeof ignored) > 0) {
        }
        reap();
        if ((waits[0].revents & (POLLIN | POLLHUP)) != 0 && !take_message()) return 0;
    }
}
