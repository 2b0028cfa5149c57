// Who logs in to a cell: its passwd, group and utmp files, read and written without NSS.
#pragma once

#include <cstddef>
#include <sys/types.h>

namespace skep::cell_init {

constexpr unsigned groups_max = 32;

struct Account {
    char name[64];
    char home[256];
    char shell[256];
    uid_t uid;
    gid_t gid;
    gid_t groups[groups_max];
    std::size_t groups_count;
};

/// Fills `account` for `name` from /etc/passwd and /etc/group; a user that is not there is added
/// first, with a home directory from /etc/skel. With `as_root` root's entry is taken. False if the
/// files cannot be read or written.
bool find_account(const char* name, bool as_root, Account& account);

/// The id of group `name`, or `otherwise`.
gid_t group_id(const char* name, gid_t otherwise);

/// The environment that login(1) of Debian (or of BusyBox) gives to a shell, then `more` as far as
/// names do not repeat. The result is static.
char** make_environment(
    const Account& account, const char* term, bool busybox, char** more, unsigned more_count);

/// A login or logout in utmp and wtmp, where the image has these files.
void record_login(const char* user, const char* line, const char* host, pid_t pid, bool login);

} // namespace skep::cell_init
