#include "cell/process_table.hpp"

#include "base/time.hpp"
#include "cell/account.hpp"
#include "cell/fabricate.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace skep::cell {
namespace {

/// Signals whose usual action leaves a daemon running, or that it takes to look at its settings.
constexpr std::array harmless{0,       SIGCHLD, SIGURG,  SIGWINCH, SIGCONT, SIGHUP,
                              SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU,  SIGUSR1, SIGUSR2};

} // namespace

ProcessTable::ProcessTable(const persona::Persona& persona, const CellView& view, std::int64_t now)
    : persona_{persona} {
    for (auto& process : machine_processes(persona, now)) {
        if (process.pid == 1) {
            real_.emplace(1, std::move(process));
            continue;
        }
        // OpenWrt's daemons are not in the image; its visitors look at names.
        const bool all = persona.image == "router" || process.is_thread_of_kernel();
        if (!all && !view.find({}, process.program).exists()) continue;
        if (process.user != "root") {
            const auto account = find_account(view, process.user);
            if (!account && persona.image != "router") continue;
            process.uid = account ? account->uid : 453; // as OpenWrt numbers dnsmasq
        }
        const auto pid = process.pid;
        made_up_.emplace(pid, std::move(process));
    }
}

void ProcessTable::add_server(std::uint64_t request, pid_t pid, std::int64_t now) {
    servers_[pid] = {
        .request = request, .start = (now - persona_.boot_time) * 100, .visit = std::nullopt};
    name_again(request);
}

void ProcessTable::add_daemon(pid_t pid) {
    MachineProcess cron;
    cron.pid = pid;
    cron.name = "cron";
    cron.cmdline = std::string{"/usr/sbin/cron\0-f\0", 18};
    cron.program = "/usr/sbin/cron";
    cron.unit = "/system.slice/cron.service";
    cron.virtual_kib = 6612;
    cron.resident_kib = 2660;
    cron.busy = 45;
    // Its number is one of the latest: the last update of a library has started it again.
    const auto up = std::max<std::int64_t>(system_clock().now() / 1000000 - persona_.boot_time, 60);
    cron.start = up * (70 + steady(persona_, "cron", 25));
    real_.insert_or_assign(pid, std::move(cron));
}

void ProcessTable::remove(pid_t pid) {
    real_.erase(pid);
    const auto server = servers_.extract(pid);
    if (!server.empty()) name_again(server.mapped().request);
}

/// The names depend on how many there are, and they come and go one by one.
void ProcessTable::name_again(std::uint64_t request) {
    for (const auto& [pid, server] : servers_)
        if (server.request == request && server.visit)
            return name_servers(request, Visit{*server.visit});
}

void ProcessTable::name_servers(std::uint64_t request, const Visit& visit) {
    std::vector<pid_t> pids;
    for (const auto& [pid, server] : servers_)
        if (server.request == request) pids.push_back(pid);
    auto named = session_servers(persona_, visit, pids.size());
    for (std::size_t i = 0; i < pids.size(); ++i) {
        auto& one = named[i];
        servers_[pids[i]].visit = visit;
        one.pid = pids[i];
        one.parent = i == 0 ? listener_of(visit) : pids[i - 1];
        one.start = servers_[pids[i]].start;
        // BusyBox's telnetd is one process for all: the one that has been there from the start.
        for (const auto& [pid, process] : made_up_) {
            if (process.name != "telnetd" || one.name != "telnetd") continue;
            one.start = process.start;
            one.parent = 1;
        }
        real_.insert_or_assign(pids[i], std::move(one));
    }
}

pid_t ProcessTable::listener_of(const Visit& visit) const {
    const std::string_view program = visit.protocol != "ssh"      ? "/usr/sbin/inetutils-inetd"
                                     : persona_.image == "router" ? "/usr/sbin/dropbear"
                                                                  : "/usr/sbin/sshd";
    const auto found = std::ranges::find_if(
        made_up_, [&](const auto& entry) { return entry.second.program == program; });
    return found == made_up_.end() ? 1 : found->first;
}

/// A session's telnetd is there in its place.
bool ProcessTable::is_stood_in(const MachineProcess& process) const {
    return process.name == "telnetd" && std::ranges::any_of(real_, [](const auto& entry) {
               return entry.second.name == "telnetd";
           });
}

const MachineProcess* ProcessTable::find(pid_t pid) const {
    if (const auto real = real_.find(pid); real != real_.end()) return &real->second;
    const auto found = made_up_.find(pid);
    return found == made_up_.end() || is_stood_in(found->second) ? nullptr : &found->second;
}

int ProcessTable::kill(pid_t pid, std::int64_t uid, int signal) {
    const auto* const process = find(pid);
    if (process == nullptr) return ESRCH;
    if (signal < 0 || signal >= NSIG) return EINVAL;
    if (uid != 0 && uid != process->uid) return EPERM;
    if (!process->is_thread_of_kernel() && std::ranges::find(harmless, signal) == harmless.end())
        made_up_.erase(pid);
    return 0;
}

std::vector<pid_t> ProcessTable::made_up() const {
    std::vector<pid_t> pids;
    for (const auto& [pid, process] : made_up_)
        if (!real_.contains(pid) && !is_stood_in(process)) pids.push_back(pid);
    return pids;
}

} // namespace skep::cell
