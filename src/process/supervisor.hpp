// Starts, connects, watches and stops our processes. Parses nothing that a stranger has touched.
#pragma once

#include "base/settings.hpp"
#include "process/descriptor.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace skep::process {

/// A bound socket that the supervisor keeps open over restarts of the process that accepts on it.
struct Listening {
    std::string service; ///< Name in `[service.NAME]`, or "hub".
    std::string kind;    ///< Protocol; "hub" for the dashboard.
    std::string persona;
    std::string address; ///< As bound.
    Descriptor socket;   ///< All sensor processes accept on it.
};

struct SupervisorOptions {
    const Settings& settings;
    bool ephemeral = false;
    std::vector<Listening> listeners;
    /// Called once, when every process is ready for the first time.
    std::function<void(const std::vector<Listening>&)> on_ready;
};

/// Where a deployment's supervisor tells what runs: relative to the state directory.
constexpr const char* status_file = "run/status.json";
constexpr const char* lock_file = "run/lock";

/// Holds the deployment's lock. Fault::refused if another supervisor runs here.
Result<Descriptor> take_lock();

/// True while a supervisor holds the lock of the state directory `directory`.
bool is_running(const std::string& directory);

/// Ends processes that a killed supervisor left behind, as its status file tells (role, pid and
/// start time must fit).
void end_orphans();

/// Runs until SIGTERM or SIGINT. The current directory is the state directory and the process has
/// become the deployment's user. Returns the exit status: 0 after a clean stop, 1 if a process
/// could not start.
int supervise(SupervisorOptions options);

} // namespace skep::process
