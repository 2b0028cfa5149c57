// Process 1 of a cell: a static program in the image, at the place of the persona's init.
//
// It installs the system-call filter that it finds in descriptor 4, hands the notification socket
// to the supervisor over descriptor 3, and then starts what the supervisor asks for and reaps what
// ends. Messages are NUL-terminated words in one packet. No C++ library, no heap: an idle copy
// costs a few pages.
#include "cell/standalone/account.hpp"

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
constexpr std::size_t message_bytes_max = 32768;
constexpr unsigned notify_flags = 1U << 3U;   // SECCOMP_FILTER_FLAG_NEW_LISTENER
constexpr unsigned killable_flags = 1U << 5U; // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, Linux 5.19

struct Running {
    pid_t pid;
    unsigned long request;
    char line[16];
};

Running running[sessions_max];
char message[message_bytes_max];
char* words[words_max];
sigset_t original_mask;

union Control {
    char bytes[CMSG_SPACE(sizeof(int))];
    cmsghdr align;
};

void send_words(char* text, std::size_t size, int descriptor) {
    iovec part{text, size};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    Control room{};
    if (descriptor >= 0) {
        header.msg_control = room.bytes;
        header.msg_controllen = sizeof room.bytes;
        cmsghdr* head = CMSG_FIRSTHDR(&header);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
    }
    while (::sendmsg(control, &header, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

void report(const char* kind, unsigned long request, long number, int descriptor) {
    char text[96];
    const int size = std::snprintf(text, sizeof text, "%c%s%c%lu%c%ld", message_kind, kind, 0,
                                   request, 0, number);
    send_words(text, static_cast<std::size_t>(size) + 1, descriptor);
}

[[noreturn]] void give_up(const char* what) {
    report(what, 0, errno, -1);
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
    report("ready", 0, 0, static_cast<int>(listener));
    ::close(static_cast<int>(listener));
}

int open_terminal(const Account& account, unsigned short columns, unsigned short rows, char* line) {
    const int master = ::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) return -1;
    unsigned number = 0;
    const int unlock = 0;
    if (::ioctl(master, TIOCGPTN, &number) != 0 || ::ioctl(master, TIOCSPTLCK, &unlock) != 0) {
        ::close(master);
        return -1;
    }
    std::snprintf(line, 16, "pts/%u", number % 100000);
    winsize size{};
    size.ws_col = columns;
    size.ws_row = rows;
    ::ioctl(master, TIOCSWINSZ, &size);
    char path[32];
    std::snprintf(path, sizeof path, "/dev/%s", line);
    if (::chown(path, account.uid, group_id("tty", account.gid)) == 0) ::chmod(path, 0620);
    return master;
}

/// In the child: becomes the session's shell, as login(1) does it.
[[noreturn]] void become_shell(const Account& account, const char* line, char** environment) {
    char path[32];
    std::snprintf(path, sizeof path, "/dev/%s", line);
    ::setsid();
    const int terminal = ::open(path, O_RDWR);
    if (terminal < 0) ::_exit(1);
    ::ioctl(terminal, TIOCSCTTY, 0);
    for (int fd = 0; fd < 3; ++fd)
        ::dup2(terminal, fd);
    ::syscall(SYS_close_range, 3U, ~0U, 0U);
    ::sigprocmask(SIG_SETMASK, &original_mask, nullptr);
    ::umask(022);
    if (::setgroups(account.groups_count, account.groups) != 0 ||
        ::setresgid(account.gid, account.gid, account.gid) != 0 ||
        ::setresuid(account.uid, account.uid, account.uid) != 0)
        ::_exit(1);
    if (::chdir(account.home) != 0) {
        std::printf("No directory, logging in with HOME=/\r\n");
        std::fflush(stdout);
        if (::chdir("/") != 0) ::_exit(1);
    }
    char name[72];
    const char* base = std::strrchr(account.shell, '/');
    std::snprintf(name, sizeof name, "-%.70s", base == nullptr ? account.shell : base + 1);
    char* argv[] = {name, nullptr};
    ::execve(account.shell, argv, environment);
    std::printf("Cannot execute %s: %s\r\n", account.shell, std::strerror(errno));
    std::fflush(stdout);
    ::_exit(1);
}

Running* free_slot() {
    for (auto& slot : running)
        if (slot.pid == 0) return &slot;
    return nullptr;
}

/// shell REQUEST FLAGS USER TERM COLUMNS ROWS HOST [NAME=VALUE]...
void start_shell(unsigned count) {
    const unsigned long request = std::strtoul(words[1], nullptr, 10);
    static Account account;
    Running* slot = free_slot();
    if (slot == nullptr) return report("failed", request, EAGAIN, -1);
    const bool busybox = std::strchr(words[2], 'b') != nullptr;
    const bool as_root = std::strchr(words[2], 'r') != nullptr;
    if (!find_account(words[3], as_root, account)) return report("failed", request, ENOENT, -1);
    const int master = open_terminal(account, static_cast<unsigned short>(std::atoi(words[5])),
                                     static_cast<unsigned short>(std::atoi(words[6])), slot->line);
    if (master < 0) return report("failed", request, errno, -1);
    char** environment = make_environment(account, words[4], busybox, words + 8, count - 8);
    const pid_t child = ::fork();
    if (child == 0) become_shell(account, slot->line, environment);
    if (child < 0) {
        report("failed", request, errno, -1);
    } else {
        slot->pid = child;
        slot->request = request;
        record_login(account.name, slot->line, words[7], child, true);
        report("started", request, child, master);
    }
    ::close(master);
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
            record_login("", slot.line, "", pid, false);
            report("ended", slot.request,
                   WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), -1);
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
    if (count >= 8 && std::strcmp(words[0], "shell") == 0) start_shell(count);
    if (count >= 3 && std::strcmp(words[0], "daemon") == 0) start_daemon(count);
    if (count >= 2 && std::strcmp(words[0], "hangup") == 0) {
        const unsigned long request = std::strtoul(words[1], nullptr, 10);
        for (const auto& slot : running)
            if (slot.pid != 0 && slot.request == request) ::kill(-slot.pid, SIGHUP);
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
