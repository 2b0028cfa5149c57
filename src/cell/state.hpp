// What the parts of one cell's supervisor share. One thread uses it.
#pragma once

#include "cell/capture.hpp"
#include "cell/fabricate.hpp"
#include "cell/outlet.hpp"
#include "cell/plan.hpp"
#include "cell/process_listing.hpp"
#include "cell/view.hpp"
#include "process/message.hpp"

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
    bool is_first = true;      ///< A session's shell, what stands above it, a daemon.
    bool is_server = false;    ///< It stands between process 1 and a session's shell.
    pid_t shown_as = 0;        ///< Its number in the ProcessTable, or 0.
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
    ProcessTable processes;
    ProcessListing listing;
    std::map<pid_t, Task> tasks = {};
    std::uint64_t starting = 0;       ///< Session that the next child of process 1 belongs to.
    std::set<std::string> live_files; ///< Fabricated files that change and have been opened.
    std::set<std::string> settings;   ///< Files of /proc that the attacker has "changed".
    std::int64_t restart_ms = 0;      ///< When the machine goes down, monotonic; 0: it does not.
    std::int64_t last_pid = 0;        ///< As process 1's namespace counts.
    std::map<std::uint64_t, Visit> peers; ///< Who came in each open session.
    std::int64_t used_bytes = 0;          ///< In the upper layer, when it was last measured.
    std::int64_t used_files = 0;
    std::int64_t measured = 0; ///< Seconds since 1970 of that.

    /// The host name as root of the cell may have changed it: the supervisor stands in the cell's
    /// UTS namespace.
    std::string host_name() const;

    /// The machine at this moment, for fabricated files.
    MachineState machine() const;

    /// A session's account and terminal (its master, or -1) are known now.
    void name_servers(std::uint64_t request, int terminal);

    /// The attacker has asked for it: the machine goes down in a moment.
    void restart();

    std::uint64_t request_of(pid_t pid) const {
        const auto found = tasks.find(pid);
        return found == tasks.end() ? 0 : found->second.request;
    }
};

Visit visit_of(const process::CellRequest& request);

} // namespace skep::cell
