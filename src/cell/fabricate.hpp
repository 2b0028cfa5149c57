// The files in which a machine's identity shows, made from a persona: pure functions.
#pragma once

#include "cell/machine_process.hpp"
#include "persona/persona.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skep::cell {

/// One made-up file.
struct FabricatedFile {
    std::string
        path; ///< Absolute below the directory that it is for; a directory if it ends with a slash.
    std::string content;
    unsigned mode = 0644;
    std::int64_t age_seconds = 0; ///< How long after the installation it was written.
};

/// Files below /sys: processors, network card, disk, mainboard.
std::vector<FabricatedFile> fabricated_sys(const persona::Persona& persona);

/// Those of them that are about processors: topology, caches, what they are vulnerable to.
void add_processor_files(const persona::Persona& persona, std::vector<FabricatedFile>& files);

/// Files below /run of a machine that is up.
std::vector<FabricatedFile> fabricated_run(const persona::Persona& persona);

/// Files of the root file system: host name, hosts, resolver, network, fstab, issue, motd.
std::vector<FabricatedFile> fabricated_etc(const persona::Persona& persona);

/// /proc/PID/mounts, mountinfo and mountstats, and /proc/partitions.
std::string proc_mounts(const persona::Persona& persona);
std::string proc_mountinfo(const persona::Persona& persona);
std::string proc_mountstats(const persona::Persona& persona);
std::string proc_partitions(const persona::Persona& persona);
std::string proc_filesystems(const persona::Persona& persona);
std::string proc_modules(const persona::Persona& persona);

/// /proc/net/tcp, or tcp6 with `six`: the kernel's rows, and those of the machine's services: their
/// listening sockets and the connection of each of `visits`.
std::string proc_net_tcp(const persona::Persona& persona,
                         const std::vector<Visit>& visits,
                         std::string_view real,
                         bool six);

/// A steady small number of this machine: what differs between machines but not between two looks.
std::int64_t steady(const persona::Persona& persona, std::string_view what, std::int64_t below);

/// Numbers that change while the machine runs.
struct MachineState {
    std::int64_t now = 0;       ///< Seconds since 1970.
    std::int64_t now_nanos = 0; ///< Nanoseconds within the second.
    std::int64_t processes = 1; ///< Running or sleeping in the cell.
    std::int64_t others = 70;   ///< That only the persona's machine has.
    std::int64_t last_pid = 1;
    std::int64_t used_kib = 0; ///< Written to the root file system by the attacker.
};

/// What a file below /proc says, by its path without `/proc/`, `self` and numbers already replaced
/// by PID: "cpuinfo", "PID/mounts". False if the kernel's own file may be shown.
bool fabricated_proc(const persona::Persona& persona,
                     const MachineState& state,
                     std::string_view path,
                     std::string& content);

} // namespace skep::cell
