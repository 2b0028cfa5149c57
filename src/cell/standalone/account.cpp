#include "cell/standalone/account.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace skep::cell_init {
namespace {

constexpr std::size_t table_bytes_max = 65536;
constexpr unsigned user_id_first = 1000;
constexpr unsigned user_id_last = 59999;
char table[table_bytes_max];

/// Reads a whole file into `table`; false if it is absent or too long.
bool load(const char* path) {
    const int file = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return false;
    std::size_t used = 0;
    ssize_t count = 0;
    while (used + 1 < sizeof table &&
           (count = ::read(file, table + used, sizeof table - 1 - used)) > 0)
        used += static_cast<std::size_t>(count);
    ::close(file);
    table[used] = 0;
    return used + 1 < sizeof table;
}

/// Cuts `line` at its colons; returns the number of fields.
unsigned split(char* line, char** fields, unsigned fields_max) {
    unsigned count = 0;
    for (char* at = line; at != nullptr && count < fields_max;) {
        fields[count++] = at;
        at = std::strchr(at, ':');
        if (at != nullptr) *at++ = 0;
    }
    return count;
}

/// Calls `take(fields, count)` for each line of `path`.
template <class Take> bool each_line(const char* path, Take take) {
    if (!load(path)) return false;
    char* next = table;
    while (next != nullptr && *next != 0) {
        char* line = next;
        next = std::strchr(line, '\n');
        if (next != nullptr) *next++ = 0;
        char* fields[8];
        const unsigned count = split(line, fields, 8);
        take(fields, count);
    }
    return true;
}

void copy(char* to, std::size_t size, const char* from) {
    std::snprintf(to, size, "%s", from);
}

bool look_up(const char* name, Account& account) {
    bool found = false;
    each_line("/etc/passwd", [&](char** fields, unsigned count) {
        if (found || count < 7 || std::strcmp(fields[0], name) != 0) return;
        found = true;
        copy(account.name, sizeof account.name, fields[0]);
        copy(account.home, sizeof account.home, fields[5]);
        copy(account.shell, sizeof account.shell, *fields[6] == 0 ? "/bin/sh" : fields[6]);
        account.uid = static_cast<uid_t>(std::strtoul(fields[2], nullptr, 10));
        account.gid = static_cast<gid_t>(std::strtoul(fields[3], nullptr, 10));
    });
    return found;
}

void find_groups(Account& account) {
    account.groups_count = 0;
    account.groups[account.groups_count++] = account.gid;
    each_line("/etc/group", [&](char** fields, unsigned count) {
        if (count < 4 || account.groups_count >= groups_max) return;
        for (char* member = std::strtok(fields[3], ","); member != nullptr;
             member = std::strtok(nullptr, ","))
            if (std::strcmp(member, account.name) == 0)
                account.groups[account.groups_count++] =
                    static_cast<gid_t>(std::strtoul(fields[2], nullptr, 10));
    });
}

bool append(const char* path, const char* line) {
    const int file = ::open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return false;
    const bool done =
        ::write(file, line, std::strlen(line)) == static_cast<ssize_t>(std::strlen(line));
    ::close(file);
    return done;
}

void copy_file(const char* from, const char* to, const Account& account) {
    const int in = ::open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0) return;
    const int out = ::open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (out >= 0) {
        ssize_t count = 0;
        while ((count = ::read(in, table, sizeof table)) > 0)
            if (::write(out, table, static_cast<std::size_t>(count)) != count) break;
        if (::fchown(out, account.uid, account.gid) != 0) ::unlink(to);
        ::close(out);
    }
    ::close(in);
}

void make_home(const Account& account) {
    if (::mkdir(account.home, 0700) != 0) return;
    DIR* skeleton = ::opendir("/etc/skel");
    if (skeleton != nullptr) {
        while (const dirent* entry = ::readdir(skeleton)) {
            if (entry->d_type != DT_REG) continue;
            char from[320];
            char to[640];
            std::snprintf(from, sizeof from, "/etc/skel/%s", entry->d_name);
            std::snprintf(to, sizeof to, "%s/%s", account.home, entry->d_name);
            copy_file(from, to, account);
        }
        ::closedir(skeleton);
    }
    if (::chown(account.home, account.uid, account.gid) != 0) ::rmdir(account.home);
}

/// A hash as yescrypt, or on a router MD5, writes it, of nothing: the password of a made-up account
/// is known to nobody.
void made_up_hash(char* out, std::size_t size, bool router) {
    static const char letters[] =
        "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    unsigned char random[65] = {};
    if (::getrandom(random, sizeof random, 0) < 0) random[0] = 1;
    char text[66];
    for (unsigned i = 0; i < 65; ++i)
        text[i] = letters[random[i] % 64];
    text[65] = 0;
    if (router)
        std::snprintf(out, size, "$1$%.8s$%.22s", text, text + 8);
    else
        std::snprintf(out, size, "$y$j9T$%.22s$%.43s", text, text + 22);
}

void add_secret(const char* name, bool router) {
    char hash[96];
    made_up_hash(hash, sizeof hash, router);
    char line[256];
    std::snprintf(line, sizeof line, "%.63s:%s:19682:0:99999:7:::\n", name, hash);
    append("/etc/shadow", line);
}

/// A second name of root, as routers have for their `admin`.
bool add_root(const char* name, const Account& root) {
    char line[700];
    std::snprintf(line, sizeof line, "%.63s:x:0:%lu:%.63s:%s:%s\n", name,
                  static_cast<unsigned long>(root.gid), name, root.home, root.shell);
    if (!append("/etc/passwd", line)) return false;
    add_secret(name, true);
    return true;
}

bool add_account(const char* name) {
    unsigned long id = user_id_first;
    each_line("/etc/passwd", [&](char** fields, unsigned count) {
        if (count < 3) return;
        const unsigned long used = std::strtoul(fields[2], nullptr, 10);
        if (used >= id && used <= user_id_last) id = used + 1;
    });
    static Account account;
    copy(account.name, sizeof account.name, name);
    std::snprintf(account.home, sizeof account.home, "/home/%.60s", name);
    account.uid = static_cast<uid_t>(id);
    account.gid = static_cast<gid_t>(id);
    const bool bash = ::access("/bin/bash", X_OK) == 0;
    char line[512];
    std::snprintf(line, sizeof line, "%.63s:x:%lu:%lu::%s:%s\n", name, id, id, account.home,
                  bash ? "/bin/bash" : "/bin/sh");
    if (!append("/etc/passwd", line)) return false;
    std::snprintf(line, sizeof line, "%.63s:x:%lu:\n", name, id);
    append("/etc/group", line);
    add_secret(name, false);
    std::snprintf(line, sizeof line, "%.63s:!::\n", name);
    append("/etc/gshadow", line);
    make_home(account);
    return true;
}

/// `name` as a user name can be: what useradd refuses becomes an underscore.
void clean_name(const char* name, char* out, std::size_t size) {
    std::size_t used = 0;
    for (; *name != 0 && used + 1 < size && used < 32; ++name) {
        const bool letter =
            (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') || *name == '_';
        const bool later = (*name >= '0' && *name <= '9') || *name == '-' || *name == '.';
        out[used] = letter || (later && used != 0) ? *name : '_';
        ++used;
    }
    if (used == 0) out[used++] = '_';
    out[used] = 0;
}

} // namespace

gid_t group_id(const char* name, gid_t otherwise) {
    gid_t found = otherwise;
    each_line("/etc/group", [&](char** fields, unsigned count) {
        if (count >= 3 && std::strcmp(fields[0], name) == 0)
            found = static_cast<gid_t>(std::strtoul(fields[2], nullptr, 10));
    });
    return found;
}

bool find_account(const char* name, bool as_root, Account& account) {
    char clean[64];
    clean_name(name, clean, sizeof clean);
    const bool known = look_up(clean, account);
    if (!known && !as_root && (!add_account(clean) || !look_up(clean, account))) return false;
    if (as_root && (!known || account.uid != 0)) {
        if (!look_up("root", account)) return false;
        if (!known && add_root(clean, account)) copy(account.name, sizeof account.name, clean);
    }
    find_groups(account);
    return true;
}

} // namespace skep::cell_init
