// Who logs in to a cell: its passwd and group files, read and written without NSS.
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
/// first, with a home directory from /etc/skel, or with `as_root` as a second name of root. An
/// entry of another user id does not count then: root's own is taken. False if the files cannot be
/// read or written.
bool find_account(const char* name, bool as_root, Account& account);

/// The id of group `name`, or `otherwise`.
gid_t group_id(const char* name, gid_t otherwise);

} // namespace skep::cell_init
