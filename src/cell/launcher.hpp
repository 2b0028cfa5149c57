// The process that starts cells: root of our user namespace, in a root directory with nothing but
// what cells need. It speaks with the broker only.
#pragma once

#include "cell/plan.hpp"
#include "process/descriptor.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace skep::cell {

/// What the launcher knows from the start.
struct LauncherPlan {
    std::map<std::string, persona::Persona> personas;
    CellLimits limits;
    std::int64_t idle_seconds = 86400;
    std::size_t cells_max = 1000;
    int filter = -1;
};

/// Serves the broker at the other end of `socket` until that is gone. The working directory is the
/// state directory, the process is root of our user namespace in its own mount namespace. Returns
/// its exit status.
int run_launcher(const LauncherPlan& plan, process::Descriptor socket);

} // namespace skep::cell
