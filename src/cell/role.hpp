// The process `cells`: the broker, and behind it the launcher.
#pragma once

#include "process/child.hpp"

namespace skep::cell {

/// Runs until the supervisor says stop. Returns the exit status of the process.
///
/// Peers: `sensor` (cell_open and cell_close, answered with cell_opened, cell_failed and
/// cell_closed) and `recorder`.
int run(const process::RoleContext& context);

} // namespace skep::cell
