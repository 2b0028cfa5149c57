#include "cell/standalone/environment.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace skep::cell_init {
namespace {

constexpr unsigned entries_max = 180;
constexpr std::size_t texts_bytes_max = 8192;

char* list[entries_max + 1];
unsigned count;
char texts[texts_bytes_max];
std::size_t texts_used;

/// What happens to a variable that is there already.
enum class Twice { keep, replace };

/// `text` lives as long as the next call of make_environment.
void put(const char* text, Twice twice) {
    const char* equals = std::strchr(text, '=');
    if (equals == nullptr) return;
    const auto length = static_cast<std::size_t>(equals - text) + 1;
    for (unsigned i = 0; i < count; ++i) {
        if (std::strncmp(list[i], text, length) != 0) continue;
        if (twice == Twice::replace) list[i] = const_cast<char*>(text);
        return;
    }
    if (count == entries_max) return;
    list[count++] = const_cast<char*>(text);
    list[count] = nullptr;
}

[[gnu::format(printf, 2, 3)]] void put_format(Twice twice, const char* format, ...) {
    char* text = texts + texts_used;
    va_list values;
    va_start(values, format);
    const int size = std::vsnprintf(text, sizeof texts - texts_used, format, values);
    va_end(values);
    if (size < 0 || static_cast<std::size_t>(size) >= sizeof texts - texts_used) return;
    texts_used += static_cast<std::size_t>(size) + 1;
    put(text, twice);
}

void put_client(const Program& program, Twice twice) {
    for (unsigned i = 0; i < program.environment_count; ++i)
        put(program.environment[i], twice);
}

void login_variables(const Program& program) {
    const auto& account = program.account;
    const bool root = account.uid == 0;
    if (!program.busybox || *program.term != 0)
        put_format(Twice::keep, "TERM=%.64s", *program.term == 0 ? "vt102" : program.term);
    put_format(Twice::keep, "HOME=%s", account.home);
    put_format(Twice::keep, "SHELL=%s", account.shell);
    put_format(Twice::keep, "USER=%s", account.name);
    put_format(Twice::keep, "LOGNAME=%s", account.name);
    if (program.busybox) {
        put(root ? "PATH=/sbin:/usr/sbin:/bin:/usr/bin" : "PATH=/bin:/usr/bin", Twice::keep);
    } else {
        put_format(Twice::keep, "MAIL=/var/mail/%s", account.name);
        put("HUSHLOGIN=FALSE", Twice::keep);
        put("LANG=en_US.UTF-8", Twice::keep);
        put(root ? "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
                 : "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games",
            Twice::keep);
    }
    put_client(program, Twice::keep);
}

/// pam_env: NAME=VALUE lines, values perhaps in quotes.
void put_file(const char* path) {
    char* text = texts + texts_used;
    const int file = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return;
    const auto room = sizeof texts - texts_used;
    const ssize_t size = ::read(file, text, room > 2048 ? 2048 : room - 1);
    ::close(file);
    if (size <= 0) return;
    text[size] = 0;
    texts_used += static_cast<std::size_t>(size) + 1;
    for (char* line = text; line != nullptr && *line != 0;) {
        char* next = std::strchr(line, '\n');
        if (next != nullptr) *next++ = 0;
        line += std::strspn(line, " \t");
        if (std::strncmp(line, "export ", 7) == 0) line += 7;
        char* value = std::strchr(line, '=');
        if (*line != '#' && value != nullptr && value != line) {
            ++value;
            auto length = std::strlen(value);
            while (length > 0 && std::strchr(" \t\r", value[length - 1]) != nullptr)
                value[--length] = 0;
            const bool quoted =
                length >= 2 && (*value == '"' || *value == '\'') && value[length - 1] == *value;
            if (quoted) {
                std::memmove(value, value + 1, length - 2);
                value[length - 2] = 0;
            }
            put(line, Twice::replace);
        }
        line = next;
    }
}

/// "address port own-address own-port" without the own address.
void put_ssh_client(const Program& program) {
    const char* own = std::strchr(program.client, ' ');
    own = own == nullptr ? nullptr : std::strchr(own + 1, ' ');
    const char* port = std::strrchr(program.client, ' ');
    if (own == nullptr || own >= port) return;
    put_format(Twice::replace, "SSH_CLIENT=%.*s%s", static_cast<int>(own - program.client),
               program.client, port);
}

/// session.c of OpenSSH 9.2p1, do_setup_env, with Debian's /etc/pam.d/sshd: the client's variables
/// come first, and what PAM sets replaces them.
void sshd_variables(const Program& program) {
    const auto& account = program.account;
    put_client(program, Twice::replace);
    put_format(Twice::replace, "USER=%s", account.name);
    put_format(Twice::replace, "LOGNAME=%s", account.name);
    put_format(Twice::replace, "HOME=%s", account.home);
    put(account.uid == 0 ? "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
                         : "PATH=/usr/local/bin:/usr/bin:/bin:/usr/games",
        Twice::replace);
    put_format(Twice::replace, "SHELL=%s", account.shell);
    if (program.terminal && *program.term != 0)
        put_format(Twice::replace, "TERM=%.256s", program.term);
    put("MOTD_SHOWN=pam", Twice::replace);
    put_file("/etc/environment");
    put_file("/etc/default/locale");
    put_ssh_client(program);
    put_format(Twice::replace, "SSH_CONNECTION=%s", program.client);
    if (program.terminal) put_format(Twice::replace, "SSH_TTY=/dev/%s", program.line);
}

/// svr-chansession.c of dropbear 2022.83, execchild. Of a request's variables only its own
/// SSH_ORIGINAL_COMMAND: it takes none of clients.
void dropbear_variables(const Program& program) {
    const auto& account = program.account;
    put_format(Twice::keep, "USER=%s", account.name);
    put_format(Twice::keep, "LOGNAME=%s", account.name);
    put_format(Twice::keep, "HOME=%s", account.home);
    put_format(Twice::keep, "SHELL=%s", account.shell);
    put(account.uid == 0 ? "PATH=/usr/sbin:/usr/bin:/sbin:/bin" : "PATH=/usr/bin:/bin",
        Twice::keep);
    if (program.terminal) {
        put_format(Twice::keep, "TERM=%.256s", program.term);
        put_format(Twice::keep, "SSH_TTY=/dev/%s", program.line);
    }
    put_format(Twice::keep, "SSH_CONNECTION=%s", program.client);
    put_ssh_client(program);
    constexpr char asked[] = "SSH_ORIGINAL_COMMAND=";
    for (unsigned i = 0; i < program.environment_count; ++i)
        if (std::strncmp(program.environment[i], asked, sizeof asked - 1) == 0)
            put(program.environment[i], Twice::keep);
}

} // namespace

char** make_environment(const Program& program) {
    count = 0;
    texts_used = 0;
    list[0] = nullptr;
    if (!program.ssh)
        login_variables(program);
    else if (program.busybox)
        dropbear_variables(program);
    else
        sshd_variables(program);
    return list;
}

} // namespace skep::cell_init
