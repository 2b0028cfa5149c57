// How a process gives up what it does not need. Each function is called once, after set-up and
// before the first stranger's byte. Order: no_new_privs, Landlock, seccomp.
#pragma once

#include "base/result.hpp"

#include <span>
#include <string>
#include <vector>

namespace skep::process {

/// What a process may still touch in the file system.
struct FileRules {
    std::vector<std::string> read; ///< Files, or directories with all below, that it may read.
    std::vector<std::string>
        write; ///< Directories below which it may read, make, write, rename and remove.
};

/// The seccomp profiles, from the strictest: what each allows is listed in sandbox_profiles.cpp
/// with a reason a row.
enum class Profile : unsigned char { sensor, recorder, hub, cells, supervisor };

/// `namespaces` is for the processes that make cells: they stay root of our own user namespace,
/// which is nobody outside.
enum class Keep : unsigned char { nothing, namespaces };

/// No core dumps; with Keep::nothing also no_new_privs, no capability of any kind, an empty network
/// namespace, and not dumpable (so that no process of the same user can read our memory).
///
/// no_new_privs would pass on to the cells, where su has to work. Without it nothing is gained: the
/// host's root has no number in our user namespace, so its set-user-ID programs have no effect.
Result<void> drop_privileges(Keep keep = Keep::nothing);

/// Landlock: everything that `rules` does not name is refused; where the kernel has it, also TCP
/// bind and connect and signals to processes outside. Fault::refused if the kernel has no Landlock
/// (docs/security.md says what then is left).
Result<void> restrict_files(const FileRules& rules);

/// Landlock for a process that owns what it sees, a cell's: every use of the files below the open
/// directories `places` stays as it was, and everything else is refused, also signals to processes
/// outside. Children inherit it; without no_new_privs it takes CAP_SYS_ADMIN. Fault::refused if the
/// kernel is older than 5.19, whose Landlock would break renaming.
Result<void> confine_to(std::span<const int> places);

/// Installs the profile for this process and its children. Calls outside it end the process with
/// SIGSYS.
Result<void> restrict_calls(Profile profile);

} // namespace skep::process
