// The processes that a persona's machine shows besides those that run in a cell.
#pragma once

#include "persona/persona.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace skep::cell {

/// One process as /proc shows it. A kernel thread has no program.
struct MachineProcess {
    pid_t pid = 0;
    pid_t parent = 1;
    std::string name;    ///< As in /proc/PID/comm, but kernel threads' whole.
    std::string cmdline; ///< Words that each end with a NUL.
    std::string program; ///< Path of its file.
    std::string user = "root";
    std::string unit;       ///< Control group; empty for the root's.
    std::int64_t uid = 0;   ///< Of `user`.
    std::int64_t start = 0; ///< Hundredths of a second after the boot.
    std::int64_t busy = 0;  ///< Hundredths of a second of processor time in a day.
    std::int64_t virtual_kib = 0;
    std::int64_t resident_kib = 0;
    std::int64_t terminal = 0;           ///< tty_nr of /proc/PID/stat.
    bool leads = true;                   ///< A session and process group of its own.
    std::vector<std::string> files = {}; ///< What its descriptors lead to, from 0 on.

    bool is_thread_of_kernel() const { return program.empty(); }
};

/// The machine's own, process 1 among them, by rising number. Those whose program the image may
/// not have are among them too. `now`: seconds since 1970; some threads of the kernel come and go.
std::vector<MachineProcess> machine_processes(const persona::Persona& persona, std::int64_t now);

/// Where the machine's process numbers have got to: steady for a persona that has been up for long.
unsigned first_pid(const persona::Persona& persona, std::int64_t now);

/// Who visits, and how: what names the server's processes and connection of a session.
struct Visit {
    std::string src_ip;
    std::uint16_t src_port = 0;
    std::uint16_t dst_port = 0;
    std::string protocol;
    std::string user;
    std::string line = "notty"; ///< pts/N, or that there is none.
    std::int64_t uid = 0;
};

/// What stands between process 1 and a session's shell, outermost first: `count` processes whose
/// numbers and start are yet to be filled in.
std::vector<MachineProcess>
session_servers(const persona::Persona& persona, const Visit& visit, std::size_t count);

/// Number of the listening socket of `port`, and of a visitor's connection, as /proc shows it.
std::uint64_t listening_inode(const persona::Persona& persona, std::uint16_t port);
std::uint64_t connection_inode(const persona::Persona& persona, const Visit& visit);

/// The content of a file of its directory below /proc, by its key as in `fabricated_proc` without
/// "PID/". False if there is no such file.
bool process_file(const MachineProcess& process,
                  const persona::Persona& persona,
                  std::int64_t now,
                  std::string_view key,
                  std::string& content);

} // namespace skep::cell
