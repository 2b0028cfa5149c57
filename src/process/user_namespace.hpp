// The user namespace in which cells are made: root of it is our own user, and nobody outside.
#pragma once

#include "base/result.hpp"

namespace skep::process {

/// First id of a cell in our namespace (its root), and how many ids a cell has.
constexpr unsigned cell_id_first = 1;
constexpr unsigned cell_id_count = 65535;

/// Puts the calling process into its own user and mount namespace, in which id 0 is the user that
/// it had and ids 1 to 65536 are the user's range of /etc/subuid and /etc/subgid.
///
/// The process must have one thread, must not have no_new_privs set (newuidmap is set-user-ID), and
/// keeps its working directory. Does nothing but make a mount namespace in a process that already
/// is in such a user namespace. Fault::refused with a sentence that says what to install or to add
/// when the system does not let it; the process is then unchanged or must end.
Result<void> enter_user_namespace();

} // namespace skep::process
