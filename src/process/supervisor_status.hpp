// What `skep status` reads: one JSON object, written whole.
#pragma once

#include "process/supervisor.hpp"

#include <cstdint>
#include <map>
#include <sys/types.h>

namespace skep::process {

/// One process as the supervisor sees it.
struct ProcessStatus {
    std::string role;
    pid_t pid = -1;
    bool ready = false;
    std::uint64_t restarts = 0;
    std::string since; ///< ISO 8601 of the last start.
    std::map<std::string, std::uint64_t> reports;
    std::map<std::string, std::string> notices;
};

/// `{"event":"ready"|"status",...}`: services, hub, and in a status also the processes.
std::string ready_json(const std::vector<Listening>& listeners);
std::string status_json(const std::vector<Listening>& listeners,
                        const std::vector<ProcessStatus>& processes,
                        const std::string& started);

/// Writes `text` to status_file so that readers see the old or the new one. False if the disk does
/// not take it.
bool write_status(const std::string& text);

/// Start time of a process in clock ticks since boot (proc(5), stat field 22), 0 if there is none.
std::uint64_t start_time(pid_t pid);

} // namespace skep::process
