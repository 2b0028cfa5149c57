// Starts the namespaces of a cell and its process 1.
#pragma once

#include "base/result.hpp"
#include "cell/plan.hpp"
#include "cell/tree.hpp"
#include "process/descriptor.hpp"

#include <sys/types.h>

namespace skep::cell {

/// A cell whose process 1 has been attached by the calling process and waits to become the init
/// program.
struct Newborn {
    pid_t init = -1;             ///< In the supervisor's process namespace; its child.
    process::Descriptor control; ///< Packets to and from the init program.
    process::Descriptor network; ///< Keeps eth0 up.
    process::Descriptor release; ///< Write one byte to let process 1 go on.
    process::Descriptor
        line; ///< Closed when the init program runs; a packet here says why it does not.
};

/// Makes user, mount, network, UTS, IPC, cgroup, time and process namespaces around the tree at
/// tree_mount. `tree.base` is left open in process 1 as descriptor 5. The calling process must be
/// root of our user namespace.
Result<Newborn> give_birth(const CellPlan& plan, const CellTree& tree);

} // namespace skep::cell
