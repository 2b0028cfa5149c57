// How a machine is told to restart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skep::cell {

/// Whether root's start of `program` (its path without links) with `arguments` stops or restarts
/// the machine at once: reboot, halt, poweroff, shutdown -r now, systemctl reboot, init 6, and
/// BusyBox's applets of these names.
bool ends_machine(std::string_view program, const std::vector<std::string>& arguments);

} // namespace skep::cell
