// Files of /proc/PID of a process that only the persona's machine has. Formats: Linux 6.1, fs/proc.
#include "cell/machine_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

namespace skep::cell {
namespace {

using persona::Persona;

constexpr std::int64_t page_kib = 4;
constexpr std::uint64_t capabilities = 0x1ffffffffff; // all of Linux 6.1

struct Shown {
    const MachineProcess& process;
    const Persona& persona;
    std::int64_t ticks; ///< Processor time that it has used.

    pid_t session() const {
        return process.leads ? process.pid : process.is_thread_of_kernel() ? 0 : process.parent;
    }

    /// task->comm; a kernel thread's whole name stands only where the kernel says so.
    std::string short_name() const { return process.name.substr(0, 15); }
};

std::string stat(const Shown& s) {
    const auto& p = s.process;
    const bool thread = p.is_thread_of_kernel();
    const bool idle = thread && p.busy == 0;
    const auto user = thread ? 0 : s.ticks * 4 / 10;
    // A thread of the kernel that only waits for work is idle; kswapd and its like sleep.
    return fmt::format(
        "{} ({}) {} {} {} {} {} {} {} {} 0 {} 0 {} {} 0 0 {} {} 1 0 {} {} {} 18446744073709551615 "
        "{} {} {} 0 0 0 {} {} {} {} 0 0 17 {} 0 0 0 0 0 {} {} {} {} {} {} {} 0\n",
        p.pid, p.name, idle ? 'I' : 'S', p.parent, s.session(), s.session(), p.terminal,
        p.terminal != 0 ? p.pid : -1, thread ? 2129984 : 4194560, thread ? 0 : p.resident_kib / 3,
        thread ? 0 : p.resident_kib / 90, user, s.ticks - user, idle ? 0 : 20, idle ? -20 : 0,
        p.start, p.virtual_kib * 1024, p.resident_kib / page_kib, thread ? 0 : 1, thread ? 0 : 1, 0,
        thread ? 2147483647 : 0, thread ? 0 : 4096, thread ? 0 : 81925, thread ? 1 : 0,
        s.persona.cpus > 1 ? p.pid % s.persona.cpus : 0, 0, 0, 0, 0, 0, 0, 0);
}

std::string memory_lines(const MachineProcess& p) {
    std::string out;
    const auto line = [&](std::string_view name, std::int64_t kib) {
        out += fmt::format("{}:\t{:>8} kB\n", name, kib);
    };
    line("VmPeak", p.virtual_kib);
    line("VmSize", p.virtual_kib);
    line("VmLck", 0);
    line("VmPin", 0);
    line("VmHWM", p.resident_kib);
    line("VmRSS", p.resident_kib);
    line("RssAnon", p.resident_kib / 8 / page_kib * page_kib);
    line("RssFile", p.resident_kib - p.resident_kib / 8 / page_kib * page_kib);
    line("RssShmem", 0);
    line("VmData", p.resident_kib / 12 / page_kib * page_kib + 240);
    line("VmStk", 132);
    line("VmExe", p.resident_kib / 14 / page_kib * page_kib);
    line("VmLib", p.resident_kib * 8 / 10 / page_kib * page_kib);
    line("VmPTE", 40 + p.virtual_kib / 4096 * page_kib);
    line("VmSwap", 0);
    line("HugetlbPages", 0);
    return out + "CoreDumping:\t0\nTHP_enabled:\t1\n";
}

std::string status(const Shown& s) {
    const auto& p = s.process;
    const bool thread = p.is_thread_of_kernel();
    const auto caps = p.uid == 0 ? capabilities : 0;
    std::string out = fmt::format(
        "Name:\t{0}\nUmask:\t{1}\nState:\t{2}\nTgid:\t{3}\nNgid:\t0\nPid:\t{3}\nPPid:\t{4}\n"
        "TracerPid:\t0\nUid:\t{5}\t{5}\t{5}\t{5}\nGid:\t{5}\t{5}\t{5}\t{5}\nFDSize:\t64\nGroups:\t "
        "\nNStgid:\t{3}\nNSpid:\t{3}\nNSpgid:\t{6}\nNSsid:\t{6}\n",
        p.name, thread ? "0000" : "0022", thread && p.busy == 0 ? "I (idle)" : "S (sleeping)",
        p.pid, p.parent, p.uid, s.session());
    if (!thread) out += memory_lines(p);
    const auto cpus = std::min<std::int64_t>(s.persona.cpus, 62);
    out += fmt::format(
        "Threads:\t1\nSigQ:\t0/"
        "{}\nSigPnd:\t{:016x}\nShdPnd:\t{:016x}\nSigBlk:\t{:016x}\nSigIgn:\t{:"
        "016x}\nSigCgt:\t{:016x}\nCapInh:\t{:016x}\nCapPrm:\t{:016x}\nCapEff:\t{:016x}\nCapBnd:\t{:"
        "016x}\nCapAmb:\t{:016x}\nNoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n",
        s.persona.memory_kib / 260, 0, 0, 0, thread ? ~std::uint64_t{0} : 4096,
        thread ? 0 : 0x180014005, 0, caps, caps, capabilities, 0);
    return out + fmt::format("Speculation_Store_Bypass:\tvulnerable\nSpeculationIndirectBranch:\t"
                             "conditional enabled\nCpus_allowed:\t{:x}\nCpus_allowed_list:\t{}\n"
                             "Mems_allowed:\t00000000,00000001\nMems_allowed_list:\t0\n"
                             "voluntary_ctxt_switches:\t{}\nnonvoluntary_ctxt_switches:\t{}\n",
                             (std::uint64_t{1} << static_cast<unsigned>(cpus)) - 1,
                             cpus > 1 ? fmt::format("0-{}", cpus - 1) : std::string{"0"},
                             40 + s.ticks * 9, s.ticks / 3);
}

std::string io(const Shown& s) {
    const auto read = s.process.resident_kib * 1024 / 2;
    return fmt::format("rchar: {}\nwchar: {}\nsyscr: {}\nsyscw: {}\nread_bytes: {}\nwrite_bytes: "
                       "{}\ncancelled_write_bytes: 0\n",
                       read + s.ticks * 3000, s.ticks * 900, 120 + s.ticks * 6, 30 + s.ticks * 2,
                       read / 4096 * 4096, s.ticks * 2 * 4096);
}

struct Row {
    std::string_view key;
    std::string (*make)(const Shown&);
};

constexpr std::array rows{
    Row{"stat", stat},
    Row{"status", status},
    Row{"io", io},
    Row{"statm",
        [](const Shown& s) {
            const auto resident = s.process.resident_kib / page_kib;
            return fmt::format("{} {} {} {} 0 {} 0\n", s.process.virtual_kib / page_kib, resident,
                               resident * 7 / 8, resident / 14, resident / 8);
        }},
    Row{"cmdline", [](const Shown& s) { return s.process.cmdline; }},
    Row{"comm", [](const Shown& s) { return s.process.name + '\n'; }},
    Row{"cgroup",
        [](const Shown& s) {
            return fmt::format("0::{}\n", s.process.unit.empty() ? "/" : s.process.unit);
        }},
    Row{"oom_score_adj", [](const Shown&) { return std::string{"0\n"}; }},
    Row{"oom_score", [](const Shown&) { return std::string{"0\n"}; }},
    Row{"oom_adj", [](const Shown&) { return std::string{"0\n"}; }},
    Row{"loginuid", [](const Shown&) { return std::string{"4294967295"}; }},
    Row{"sessionid", [](const Shown&) { return std::string{"4294967295"}; }},
    Row{"wchan", [](const Shown&) { return std::string{"0"}; }},
    Row{"environ", [](const Shown&) { return std::string{}; }},
    Row{"maps", [](const Shown&) { return std::string{}; }},
    Row{"smaps", [](const Shown&) { return std::string{}; }},
    Row{"smaps_rollup", [](const Shown&) { return std::string{}; }},
    Row{"schedstat",
        [](const Shown& s) {
            return fmt::format("{} {} {}\n", s.ticks * 10000000, s.ticks * 210000,
                               40 + s.ticks * 9);
        }},
};

} // namespace

bool process_file(const MachineProcess& process,
                  const Persona& persona,
                  std::int64_t now,
                  std::string_view key,
                  std::string& content) {
    const auto* const found = std::ranges::find(rows, key, &Row::key);
    if (found == rows.end()) return false;
    const auto seconds = std::max<std::int64_t>(now - persona.boot_time - process.start / 100, 0);
    content = found->make(
        {process, persona, process.busy * seconds / 86400 + (process.busy > 0 ? 1 : 0)});
    return true;
}

} // namespace skep::cell
