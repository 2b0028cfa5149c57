#include "cell/standalone/login_record.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <utmp.h>

namespace skep::cell_init {
namespace {

constexpr const char* lastlog_path = "/var/log/lastlog";

void write_entry(utmp& entry) {
    if (::access("/var/run/utmp", F_OK) != 0) return;
    timeval now{};
    ::gettimeofday(&now, nullptr);
    entry.ut_tv.tv_sec = static_cast<decltype(entry.ut_tv.tv_sec)>(now.tv_sec);
    entry.ut_tv.tv_usec = static_cast<decltype(entry.ut_tv.tv_usec)>(now.tv_usec);
    ::setutent();
    ::pututline(&entry);
    ::endutent();
    ::updwtmp("/var/log/wtmp", &entry);
}

/// As login(1) what follows "pts"; sshd takes the line's last four characters (loginrec.c,
/// line_abbrevname).
void set_line(utmp& entry, const char* line, bool ssh) {
    const char* id = line + 3;
    const auto length = std::strlen(line);
    if (ssh) id = length > sizeof entry.ut_id ? line + length - sizeof entry.ut_id : line;
    std::memcpy(entry.ut_line, line, strnlen(line, sizeof entry.ut_line));
    std::memcpy(entry.ut_id, id, strnlen(id, sizeof entry.ut_id));
}

void print(const char* text, std::size_t size) {
    while (size > 0) {
        const ssize_t count = ::write(STDOUT_FILENO, text, size);
        if (count <= 0) return;
        text += count;
        size -= static_cast<std::size_t>(count);
    }
}

void print_file(const char* path) {
    const int file = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return;
    char part[2048];
    ssize_t size = 0;
    std::size_t all = 0;
    while (all < 65536 && (size = ::read(file, part, sizeof part)) > 0) {
        print(part, static_cast<std::size_t>(size));
        all += static_cast<std::size_t>(size);
    }
    ::close(file);
}

/// pam_motd with Debian's /etc/update-motd.d/10-uname, then /etc/motd.
void print_motd() {
    utsname name{};
    if (::access("/etc/update-motd.d/10-uname", X_OK) == 0 && ::uname(&name) == 0) {
        char text[400];
        const int size = std::snprintf(text, sizeof text, "%s %s %s %s %s\n", name.sysname,
                                       name.nodename, name.release, name.version, name.machine);
        if (size > 0) print(text, std::strlen(text));
    }
    print_file("/etc/motd");
}

/// pam_mail as Debian's sshd has it (`standard`): nothing where there is no mailbox or an empty
/// one.
void print_mail(const Account& account) {
    char path[128];
    struct stat box{};
    std::snprintf(path, sizeof path, "/var/mail/%s", account.name);
    if (::stat(path, &box) != 0 || !S_ISREG(box.st_mode) || box.st_size == 0) return;
    const char* text =
        box.st_atime <= box.st_mtime ? "You have new mail.\n" : "You have old mail.\n";
    print(text, std::strlen(text));
}

/// "Last login: ..." of sshlogin.c, OpenSSH 9.2p1; its CR LF becomes CR CR LF on a terminal.
void print_last(const lastlog& entry) {
    const auto when = static_cast<std::time_t>(entry.ll_time);
    char day[64] = {};
    if (when == 0 || ::ctime_r(&when, day) == nullptr) return;
    if (char* end = std::strchr(day, '\n'); end != nullptr) *end = 0;
    char text[400];
    const bool host = entry.ll_host[0] != 0;
    std::snprintf(text, sizeof text, "Last login: %s%s%.*s\r\n", day, host ? " from " : "",
                  static_cast<int>(sizeof entry.ll_host), entry.ll_host);
    print(text, std::strlen(text));
}

/// Replaces the user's entry and returns what was there.
lastlog exchange_last(const Program& program) {
    lastlog before{};
    const int file = ::open(lastlog_path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return before;
    const auto at = static_cast<off_t>(program.account.uid) * static_cast<off_t>(sizeof before);
    if (::pread(file, &before, sizeof before, at) != static_cast<ssize_t>(sizeof before))
        before = {};
    lastlog entry{};
    entry.ll_time = static_cast<decltype(entry.ll_time)>(std::time(nullptr));
    std::memcpy(entry.ll_line, program.line, strnlen(program.line, sizeof entry.ll_line));
    std::memcpy(entry.ll_host, program.host, strnlen(program.host, sizeof entry.ll_host));
    if (::pwrite(file, &entry, sizeof entry, at) < 0) before = {};
    ::close(file);
    return before;
}

bool is_quiet(const Account& account) {
    char path[320];
    struct stat info{};
    std::snprintf(path, sizeof path, "%s/.hushlogin", account.home);
    return ::stat(path, &info) == 0;
}

/// utmp and wtmp, where the image has these files.
void record_login(const Program& program) {
    utmp entry{};
    entry.ut_type = USER_PROCESS;
    entry.ut_pid = ::getpid();
    set_line(entry, program.line, program.ssh && !program.busybox);
    const auto& account = program.account;
    std::memcpy(entry.ut_user, account.name, strnlen(account.name, sizeof entry.ut_user));
    std::memcpy(entry.ut_host, program.host, strnlen(program.host, sizeof entry.ut_host));
    write_entry(entry);
}

} // namespace

void record_logout(const char* line, bool ssh, pid_t pid) {
    utmp entry{};
    entry.ut_type = DEAD_PROCESS;
    entry.ut_pid = pid;
    set_line(entry, line, ssh);
    write_entry(entry);
}

void greet(const Program& program) {
    if (program.terminal) record_login(program);
    if (!program.ssh) return;
    lastlog before{};
    if (program.terminal && !program.busybox) before = exchange_last(program);
    // check_quietlogin of session.c; dropbear greets on terminals only.
    if (program.command != nullptr || is_quiet(program.account)) return;
    if (program.busybox) {
        if (program.terminal) print_file("/etc/motd");
        return;
    }
    print_motd();
    print_mail(program.account);
    print_last(before);
}

} // namespace skep::cell_init
