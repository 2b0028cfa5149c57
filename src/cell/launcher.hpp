// The process that starts cells: root of our user namespace, in a root directory with nothing but
// what cells need. It speaks with the broker only.
#pragma once

#include "cell/plan.hpp"
#include "process/descriptor.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace skep::cell {

/// What the launcher knows from the start.
struct LauncherPlan {
    std::map<std::string, persona::Persona> personas;
    std::map<std::string, std::vector<FabricatedFile>> host_keys = {}; ///< By persona.
    CellLimits limits;
    std::int64_t idle_seconds = 86400;
    std::size_t cells_max = 1000;
    int filter = -1;
    std::set<std::string> spares = {}; ///< Personas of which one born cell waits for a new source.
};

/// The birth of a cell takes longer than a login may. So one of each persona in `spares` is born
/// ahead, in a directory whose name begins with a dot; the first session of a new source renames
/// it. A machine whose process 1 is older than the session that finds it is what an attacker
/// expects.
///
/// Serves the broker at the other end of `socket` until that is gone. The working directory is the
/// state directory, the process is root of our user namespace in its own mount namespace. Returns
/// its exit status.
int run_launcher(const LauncherPlan& plan, process::Descriptor socket);

} // namespace skep::cell
