// What the parts of one cell's supervisor share. One thread uses it.
#pragma once

#include "cell/capture.hpp"
#include "cell/fabricate.hpp"
#include "cell/outlet.hpp"
#include "cell/plan.hpp"
#include "cell/view.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <sys/types.h>

namespace skep::cell {

/// A process or thread of the cell.
struct Task {
    std::uint64_t request = 0; ///< The session it descends from.
    bool is_machines = false;  ///< Process 1 started it for the machine: its program is no event.
    bool is_first = true;      ///< A child of process 1: a session's shell, a daemon.
    // See Background.
    bool steps_back = false;
    bool is_left = false;      ///< Its session is over.
    bool is_light = false;     ///< So its group has been weighed.
    std::int64_t since_ms = 0; ///< On the monotonic clock.
};

struct CellState {
    const CellPlan& plan;
    const CellView& view;
    Outlet& outlet;
    Capture& capture;
    int inject; ///< Root of the tmpfs for fabricated files.
    pid_t init;
    std::map<pid_t, Task> tasks;
    std::uint64_t starting = 0;       ///< Session that the next child of process 1 belongs to.
    std::set<std::string> live_files; ///< Fabricated files that change and have been opened.
    std::set<std::string> settings;   ///< Files of /proc that the attacker has "changed".
    std::int64_t last_pid = 0;        ///< As process 1's namespace counts.
    std::map<std::uint64_t, std::string> peers; ///< Address of each open session's peer.
    std::int64_t used_bytes = 0;                ///< In the upper layer, when it was last measured.
    std::int64_t used_files = 0;
    std::int64_t measured = 0; ///< Seconds since 1970 of that.

    /// The host name as root of the cell may have changed it: the supervisor stands in the cell's
    /// UTS namespace.
    std::string host_name() const;

    /// The machine at this moment, for fabricated files.
    MachineState machine() const;

    std::uint64_t request_of(pid_t pid) const {
        const auto found = tasks.find(pid);
        return found == tasks.end() ? 0 : found->second.request;
    }
};

} // namespace skep::cell
