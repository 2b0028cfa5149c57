// The kernel's files of /proc as the persona's machine would have them. Formats: Linux 6.1,
// fs/proc.
#include "base/crypto/sha256.hpp"
#include "cell/fabricate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace skep::cell {
namespace {

using persona::Persona;

constexpr std::int64_t ticks = 100; // USER_HZ

std::int64_t uptime(const Persona& persona, const MachineState& state) {
    return std::max<std::int64_t>(state.now - persona.boot_time, 1);
}

/// Hundredths of a percent of processor time that the machine has used since its start.
std::int64_t busy_share(const Persona& persona) {
    return 60 + steady(persona, "busy", 240);
}

std::string cpuinfo(const Persona& p) {
    std::string out;
    for (std::int64_t i = 0; i < p.cpus; ++i)
        out += fmt::format(
            "processor\t: {0}\nvendor_id\t: {1}\ncpu family\t: {2}\nmodel\t\t: {3}\nmodel name\t: "
            "{4}\nstepping\t: {5}\nmicrocode\t: "
            "0x1\ncpu MHz\t\t: {6}.{7:03}\ncache size\t: {8} KB\nphysical id\t: 0\nsiblings\t: "
            "{9}\ncore id\t\t: {0}\ncpu cores\t: "
            "{9}\napicid\t\t: {0}\ninitial apicid\t: {0}\nfpu\t\t: yes\nfpu_exception\t: "
            "yes\ncpuid level\t: 13\nwp\t\t: yes\nflags\t\t: "
            "{10}\nbugs\t\t: {11}\nbogomips\t: {12}.{13:02}\n{14}clflush size\t: "
            "64\ncache_alignment\t: 64\naddress sizes\t: 40 bits physical, "
            "48 bits virtual\npower management:\n\n",
            i, p.cpu_vendor, p.cpu_family, p.cpu_model_number, p.cpu_model, p.cpu_stepping,
            p.cpu_mhz, steady(p, "khz", 1000), p.cpu_cache_kib, p.cpus, p.cpu_flags,
            p.cpu_vendor == "AuthenticAMD"
                ? "sysret_ss_attrs spectre_v1 spectre_v2 spec_store_bypass retbleed smt_rsb"
                : "spectre_v1 spectre_v2 spec_store_bypass swapgs taa mmio_stale_data retbleed gds "
                  "bhi",
            p.cpu_mhz * 2, steady(p, "bogomips", 100),
            p.cpu_vendor == "AuthenticAMD" ? "TLB size\t: 1024 4K pages\n" : "");
    return out;
}

struct Memory {
    std::int64_t free, available, buffers, cached, active, inactive, slab, shmem;
};

Memory memory(const Persona& p, const MachineState& state) {
    const auto total = p.memory_kib;
    const auto drift = (state.now / 7 * 2654435761LL) % (total / 400 + 1);
    Memory m{};
    m.buffers = total / (34 + steady(p, "buffers", 20));
    m.cached = total * (22 + steady(p, "cached", 25)) / 100;
    m.slab = total / (22 + steady(p, "slab", 12));
    m.shmem = total / 900;
    const auto used = total * (9 + steady(p, "used", 14)) / 100 + drift + state.processes * 700;
    m.free = std::max<std::int64_t>(total - used - m.buffers - m.cached - m.slab, total / 50);
    m.available = m.free + m.buffers + m.cached - m.shmem - total / 60;
    m.active = m.cached / 3 + used / 4;
    m.inactive = m.cached * 2 / 3 + used / 2;
    return m;
}

std::string meminfo(const Persona& p, const MachineState& state) {
    const auto m = memory(p, state);
    std::string out;
    const auto line = [&](std::string_view name, std::int64_t kib) {
        out += fmt::format("{:<16}{:>8} kB\n", fmt::format("{}:", name), kib);
    };
    line("MemTotal", p.memory_kib);
    line("MemFree", m.free);
    line("MemAvailable", m.available);
    line("Buffers", m.buffers);
    line("Cached", m.cached);
    line("SwapCached", 0);
    line("Active", m.active);
    line("Inactive", m.inactive);
    line("Active(anon)", m.shmem);
    line("Inactive(anon)", m.inactive / 3);
    line("Active(file)", m.active - m.shmem);
    line("Inactive(file)", m.inactive - m.inactive / 3);
    line("Unevictable", 0);
    line("Mlocked", 0);
    line("SwapTotal", p.swap_kib);
    line("SwapFree", p.swap_kib);
    line("Zswap", 0);
    line("Zswapped", 0);
    line("Dirty", 12 + state.now % 5 * 4);
    line("Writeback", 0);
    line("AnonPages", m.inactive / 3);
    line("Mapped", m.cached / 6);
    line("Shmem", m.shmem);
    line("KReclaimable", m.slab * 2 / 3);
    line("Slab", m.slab);
    line("SReclaimable", m.slab * 2 / 3);
    line("SUnreclaim", m.slab - m.slab * 2 / 3);
    line("KernelStack", 1600 + state.processes * 16);
    line("PageTables", 1900 + state.processes * 40);
    line("SecPageTables", 0);
    line("NFS_Unstable", 0);
    line("Bounce", 0);
    line("WritebackTmp", 0);
    line("CommitLimit", p.memory_kib / 2 + p.swap_kib);
    line("Committed_AS", m.inactive + 180000);
    out += "VmallocTotal:   34359738367 kB\n";
    line("VmallocUsed", 9800);
    line("VmallocChunk", 0);
    line("Percpu", 1200 * p.cpus);
    line("HardwareCorrupted", 0);
    line("AnonHugePages", 0);
    line("ShmemHugePages", 0);
    line("ShmemPmdMapped", 0);
    line("FileHugePages", 0);
    line("FilePmdMapped", 0);
    out += "HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        "
           "0\nHugePages_Surp:        0\n";
    line("Hugepagesize", 2048);
    line("Hugetlb", 0);
    line("DirectMap4k", 110464);
    line("DirectMap2M", std::max<std::int64_t>(p.memory_kib / 2048 * 2048 - 110592, 0));
    return out;
}

std::string stat(const Persona& p, const MachineState& state) {
    const auto up = uptime(p, state) * ticks;
    const auto total_busy = up * busy_share(p) / 10000;
    std::string out;
    const auto line = [&](const std::string& name, std::int64_t share, std::int64_t wall) {
        const auto busy = total_busy * share;
        out += fmt::format("{} {} {} {} {} {} 0 {} {} 0 0\n", name, busy * 6 / 10, busy / 20,
                           busy * 3 / 10, wall - busy - wall / 2000, wall / 2000, busy / 50,
                           busy / 100);
    };
    line("cpu ", p.cpus, up * p.cpus);
    for (std::int64_t i = 0; i < p.cpus; ++i)
        line(fmt::format("cpu{}", i), 1, up);
    out += fmt::format("intr {}", up * 31 / 10 + state.now % 97);
    for (int i = 0; i < 64; ++i)
        out += i == 0 ? " 35" : i == 1 ? " 9" : i == 8 ? " 1" : i == 12 ? " 144" : " 0";
    out += fmt::format("\nctxt {}\nbtime {}\nprocesses {}\nprocs_running 1\nprocs_blocked 0\n",
                       up * 52 / 10 + state.now % 89, p.boot_time,
                       state.last_pid + uptime(p, state) / 45);
    out += fmt::format("softirq {0} 0 {1} 11 {2} {3} 0 {4} {5} 0 {6}\n", up * 2, up * 8 / 10,
                       up / 30, up / 50, up / 300, up * 6 / 10, up * 5 / 10);
    return out;
}

std::string load_average(const Persona& p, const MachineState& state) {
    const auto wave = [&](std::int64_t period) {
        return (state.now / period * 7919 + steady(p, "load", 1000)) % 9;
    };
    return fmt::format("0.0{} 0.0{} 0.0{} 1/{} {}\n", wave(5), wave(40), wave(300),
                       state.others + state.processes, state.last_pid);
}

std::string uptime_line(const Persona& p, const MachineState& state) {
    const auto up = uptime(p, state);
    const auto idle = up * p.cpus - up * p.cpus * busy_share(p) / 10000;
    return fmt::format("{}.{:02} {}.{:02}\n", up, state.now_nanos / 10000000, idle,
                       state.now_nanos / 10000000);
}

std::string diskstats(const Persona& p, const MachineState& state) {
    const auto name = p.root_device.substr(p.root_device.find_last_of('/') + 1);
    const auto up = uptime(p, state);
    const auto reads = 14000 + steady(p, "reads", 9000);
    const auto writes = up / 4;
    return fmt::format(" 254       1 {} {} 512 {} {} {} {} {} {} 0 {} {} 0 0 0 0 0 0\n", name,
                       reads, reads * 44, reads / 2, writes, writes / 2, writes * 18, writes,
                       writes * 2, writes * 3);
}

std::string interrupts(const Persona& p, const MachineState& state) {
    std::string out = "    ";
    for (std::int64_t i = 0; i < p.cpus; ++i)
        out += fmt::format("       CPU{}", i);
    out += '\n';
    const auto up = uptime(p, state);
    const auto line = [&](std::string_view name, std::int64_t count, std::string_view text) {
        out += fmt::format("{:>4}", name);
        for (std::int64_t i = 0; i < p.cpus; ++i)
            out += fmt::format(" {:>10}", count / (i + 1));
        out += fmt::format("   {}\n", text);
    };
    line("0:", 35, "IO-APIC   2-edge      timer");
    line("1:", 9, "IO-APIC   1-edge      i8042");
    line("8:", 1, "IO-APIC   8-edge      rtc0");
    line("9:", 0, "IO-APIC   9-fasteoi   acpi");
    line("24:", up / 3, "PCI-MSI 49153-edge      virtio0-input.0");
    line("25:", up / 4, "PCI-MSI 65537-edge      virtio1-req.0");
    line("NMI:", 0, "Non-maskable interrupts");
    line("LOC:", up * 23, "Local timer interrupts");
    line("RES:", up / 9, "Rescheduling interrupts");
    line("CAL:", up / 40, "Function call interrupts");
    line("TLB:", up / 700, "TLB shootdowns");
    return out;
}

std::string swaps(const Persona& p) {
    std::string out = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
    if (p.swap_kib > 0)
        out += fmt::format("{:<40}partition\t{}\t\t0\t\t-2\n", "/dev/vda5", p.swap_kib);
    return out;
}

std::string boot_id(const Persona& p) {
    auto id = crypto::sha256_hex(fmt::format("boot {} {}", p.hostname, p.boot_time));
    return fmt::format("{}-{}-4{}-a{}-{}\n", id.substr(0, 8), id.substr(8, 4), id.substr(13, 3),
                       id.substr(17, 3), id.substr(20, 12));
}

/// A machine that has been up for weeks has moved bytes.
std::string network_counters(const Persona& p, const MachineState& state) {
    const auto up = uptime(p, state);
    const auto in = up * (40 + steady(p, "rx", 90)) / 100;
    const auto out = up * (30 + steady(p, "tx", 60)) / 100;
    const auto line = [](std::string_view name, std::int64_t received, std::int64_t bytes,
                         std::int64_t sent, std::int64_t sent_bytes) {
        return fmt::format("{:>6}: {:>7} {:>7}    0    0    0     0          0         0 {:>8} "
                           "{:>7}    0    0    0     0       0          0\n",
                           name, bytes, received, sent_bytes, sent);
    };
    return "Inter-|   Receive                                                |  Transmit\n"
           " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets "
           "errs drop fifo colls carrier compressed\n" +
           line("lo", up / 700, up / 700 * 84, up / 700, up / 700 * 84) +
           line("eth0", in, in * 142, out, out * 211);
}

using Make = std::string (*)(const Persona&, const MachineState&);

struct Row {
    std::string_view path;
    Make make;
};

constexpr std::array rows{
    Row{"cpuinfo", [](const Persona& p, const MachineState&) { return cpuinfo(p); }},
    Row{"meminfo", meminfo},
    Row{"version", [](const Persona& p, const MachineState&) { return p.proc_version + '\n'; }},
    Row{"version_signature", [](const Persona&, const MachineState&) { return std::string{}; }},
    Row{"cmdline", [](const Persona& p, const MachineState&) { return p.cmdline + '\n'; }},
    Row{"stat", stat},
    Row{"loadavg", load_average},
    Row{"uptime", uptime_line},
    Row{"filesystems", [](const Persona& p, const MachineState&) { return proc_filesystems(p); }},
    Row{"partitions", [](const Persona& p, const MachineState&) { return proc_partitions(p); }},
    Row{"diskstats", diskstats},
    Row{"swaps", [](const Persona& p, const MachineState&) { return swaps(p); }},
    Row{"modules", [](const Persona& p, const MachineState&) { return proc_modules(p); }},
    Row{"interrupts", interrupts},
    Row{"devices",
        [](const Persona&, const MachineState&) {
            return std::string{"Character devices:\n  1 mem\n  4 /dev/vc/0\n  4 tty\n  4 ttyS\n  5 "
                               "/dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n  7 vcs\n 10 "
                               "misc\n 13 input\n 29 fb\n128 ptm\n136 pts\n226 drm\n254 "
                               "rtc\n\nBlock devices:\n  8 sd\n 11 sr\n254 virtblk\n259 blkext\n"};
        }},
    Row{"misc",
        [](const Persona&, const MachineState&) {
            return std::string{
                "229 fuse\n235 autofs\n 60 vga_arbiter\n183 hw_random\n227 mcelog\n"};
        }},
    Row{"consoles",
        [](const Persona&, const MachineState&) {
            return std::string{"tty0                 -WU (EC  p  )    4:7\n"};
        }},
    Row{"iomem",
        [](const Persona&, const MachineState&) {
            return std::string{"00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n"};
        }},
    Row{"ioports",
        [](const Persona&, const MachineState&) {
            return std::string{"0000-0000 : PCI Bus 0000:00\n"};
        }},
    Row{"buddyinfo",
        [](const Persona&, const MachineState&) {
            return std::string{"Node 0, zone      DMA      0      0      0      0      0      0    "
                               "  0      0      1      1      3\n"};
        }},
    Row{"cgroups",
        [](const Persona&, const MachineState&) {
            return std::string{"#subsys_name\thierarchy\tnum_"
                               "cgroups\tenabled\ncpuset\t0\t61\t1\ncpu\t0\t61\t1\nmemory\t0\t61\t1"
                               "\npids\t0\t61\t1\n"};
        }},
    Row{"mdstat",
        [](const Persona&, const MachineState&) {
            return std::string{"Personalities : \nunused devices: <none>\n"};
        }},
    Row{"key-users",
        [](const Persona&, const MachineState&) {
            return std::string{"    0:    12 11/11 3/1000000 64/25000000\n"};
        }},
    Row{"keys", [](const Persona&, const MachineState&) { return std::string{}; }},
    Row{"locks",
        [](const Persona&, const MachineState&) {
            return std::string{"1: POSIX  ADVISORY  WRITE 612 00:18:913 0 EOF\n"};
        }},
    Row{"PID/net/dev", network_counters},
    Row{"PID/mounts", [](const Persona& p, const MachineState&) { return proc_mounts(p); }},
    Row{"PID/mountinfo", [](const Persona& p, const MachineState&) { return proc_mountinfo(p); }},
    Row{"PID/mountstats", [](const Persona& p, const MachineState&) { return proc_mountstats(p); }},
    Row{"PID/uid_map",
        [](const Persona&, const MachineState&) {
            return std::string{"         0          0 4294967295\n"};
        }},
    Row{"PID/gid_map",
        [](const Persona&, const MachineState&) {
            return std::string{"         0          0 4294967295\n"};
        }},
    Row{"PID/cgroup",
        [](const Persona& p, const MachineState&) {
            return std::string{p.image == "router" ? "0::/\n" : "0::/system.slice/inetd.service\n"};
        }},
    Row{"PID/timens_offsets",
        [](const Persona&, const MachineState&) {
            return std::string{
                "monotonic           0         0\nboottime            0         0\n"};
        }},
    Row{"sys/kernel/osrelease",
        [](const Persona& p, const MachineState&) { return p.kernel_release + '\n'; }},
    Row{"sys/kernel/version",
        [](const Persona& p, const MachineState&) { return p.kernel_version + '\n'; }},
    Row{"sys/kernel/ostype",
        [](const Persona&, const MachineState&) { return std::string{"Linux\n"}; }},
    Row{"sys/kernel/random/boot_id",
        [](const Persona& p, const MachineState&) { return boot_id(p); }},
    Row{"sys/kernel/threads-max",
        [](const Persona& p, const MachineState&) {
            return fmt::format("{}\n", p.memory_kib / 128);
        }},
    Row{"sys/kernel/tainted",
        [](const Persona&, const MachineState&) { return std::string{"0\n"}; }},
    Row{"sys/fs/file-nr",
        [](const Persona&, const MachineState& s) {
            return fmt::format("{}\t0\t9223372036854775807\n", 900 + s.processes * 12);
        }},
};

} // namespace

std::int64_t steady(const Persona& persona, std::string_view what, std::int64_t below) {
    const auto digest =
        crypto::sha256(fmt::format("{} {} {}", persona.hostname, persona.mac, what));
    std::uint64_t value = 0;
    std::memcpy(&value, digest.data(), sizeof value);
    return static_cast<std::int64_t>(value % static_cast<std::uint64_t>(below));
}

bool fabricated_proc(const Persona& persona,
                     const MachineState& state,
                     std::string_view path,
                     std::string& content) {
    const auto* const found = std::ranges::find(rows, path, &Row::path);
    if (found == rows.end()) return false;
    content = found->make(persona, state);
    return true;
}

} // namespace skep::cell
