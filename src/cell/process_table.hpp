// Which processes a cell shows besides those that really run in it as what they are: the machine's
// own, and its server's between process 1 and a session's shell.
#pragma once

#include "cell/machine_process.hpp"
#include "cell/view.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace skep::cell {

class ProcessTable {
  public:
    /// The machine's processes as far as the image has their programs. `now`: seconds since 1970.
    ProcessTable(const persona::Persona& persona, const CellView& view, std::int64_t now);

    /// Process `pid` (as the cell counts) stands between process 1 and the shell of a session.
    void add_server(std::uint64_t request, pid_t pid, std::int64_t now);

    /// Process 1 has started the machine's cron, which really runs.
    void add_daemon(pid_t pid);

    /// It has ended, or become another program.
    void remove(pid_t pid);

    /// What is known of the session has changed.
    void name_servers(std::uint64_t request, const Visit& visit);

    /// The process that is shown under this number in place of a real one or of none, or null.
    const MachineProcess* find(pid_t pid) const;

    /// No process of the cell has the number.
    bool is_made_up(pid_t pid) const { return find(pid) != nullptr && !real_.contains(pid); }

    /// It stands between process 1 and a shell.
    bool is_server(pid_t pid) const { return servers_.contains(pid); }

    /// As kill(2) of a made-up process by the user `uid`: an errno, or 0. Signals that end it do.
    int kill(pid_t pid, std::int64_t uid, int signal);

    /// Numbers of the made-up processes, rising.
    std::vector<pid_t> made_up() const;

  private:
    struct Server {
        std::uint64_t request = 0;
        std::int64_t start = 0;
        std::optional<Visit> visit; ///< Once it is known.
    };

    void name_again(std::uint64_t request);

    bool is_stood_in(const MachineProcess& process) const;
    pid_t listener_of(const Visit& visit) const;

    const persona::Persona& persona_;
    std::map<pid_t, MachineProcess> made_up_;
    std::map<pid_t, MachineProcess> real_; ///< Process 1, cron and the servers.
    std::map<pid_t, Server> servers_;
};

} // namespace skep::cell
