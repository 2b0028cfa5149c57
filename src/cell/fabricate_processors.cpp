// /sys/devices/system/cpu as Linux 6.1 has it on x86: what lscpu reads, so that it can count cores
// and sockets. Only what it reads: each file is a page of memory in each cell.
#include "cell/fabricate.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string>
#include <string_view>

namespace skep::cell {
namespace {

using persona::Persona;

constexpr std::int64_t caches_kib_l1 = 32;
constexpr int newest = 1000; ///< A kernel that has every row.

std::string cpu_range(std::int64_t cpus) {
    return cpus <= 1 ? std::string{"0\n"} : fmt::format("0-{}\n", cpus - 1);
}

/// The processors from `first` on as the kernel prints a mask: hexadecimal, a comma every 32 bits.
std::string cpu_mask(std::int64_t first, std::int64_t count, std::int64_t cpus) {
    std::string out;
    for (std::int64_t digit = (cpus - 1) / 4; digit >= 0; --digit) {
        unsigned bits = 0;
        for (std::int64_t bit = 0; bit < 4; ++bit)
            if (const auto cpu = digit * 4 + bit; cpu >= first && cpu < first + count)
                bits |= 1U << static_cast<unsigned>(bit);
        out += fmt::format("{:x}", bits);
        if (digit > 0 && digit % 8 == 0) out += ',';
    }
    return out + '\n';
}

/// 106 of `#1 SMP PREEMPT_DYNAMIC Debian 6.1.106-3 (2024-08-26)`: when a file came to 6.1.
int patch_level(const Persona& p) {
    constexpr std::string_view series = "6.1.";
    const auto at = p.kernel_version.rfind(series);
    if (at == std::string::npos) return newest;
    int patch = 0;
    const char* begin = p.kernel_version.data() + at + series.size();
    std::from_chars(begin, p.kernel_version.data() + p.kernel_version.size(), patch);
    return patch;
}

struct Vulnerability {
    std::string_view name;
    int since; ///< Patch level of 6.1.
    std::string_view intel;
    std::string_view amd;
};

/// In a virtual machine whose processors have the `bugs` of our /proc/cpuinfo.
constexpr std::array vulnerabilities{
    Vulnerability{"gather_data_sampling", 44, "Unknown: Dependent on hypervisor status",
                  "Not affected"},
    Vulnerability{"indirect_target_selection", 139, "Not affected", "Not affected"},
    Vulnerability{"itlb_multihit", 0, "Not affected", "Not affected"},
    Vulnerability{"l1tf", 0, "Not affected", "Not affected"},
    Vulnerability{"mds", 0, "Not affected", "Not affected"},
    Vulnerability{"meltdown", 0, "Not affected", "Not affected"},
    Vulnerability{"mmio_stale_data", 0,
                  "Vulnerable: Clear CPU buffers attempted, no microcode; SMT Host state unknown",
                  "Not affected"},
    Vulnerability{"reg_file_data_sampling", 82, "Not affected", "Not affected"},
    Vulnerability{"retbleed", 0, "Vulnerable", "Mitigation; untrained return thunk; SMT disabled"},
    Vulnerability{"spec_rstack_overflow", 44, "Not affected", "Mitigation; SMT disabled"},
    Vulnerability{"spec_store_bypass", 0, "Vulnerable",
                  "Mitigation; Speculative Store Bypass disabled via prctl"},
    Vulnerability{"spectre_v1", 0,
                  "Mitigation; usercopy/swapgs barriers and __user pointer sanitization",
                  "Mitigation; usercopy/swapgs barriers and __user pointer sanitization"},
    Vulnerability{"spectre_v2", 0,
                  "Mitigation; Retpolines, STIBP disabled, RSB filling, PBRSB-eIBRS Not affected",
                  "Mitigation; Retpolines, IBPB conditional, STIBP disabled, RSB filling, "
                  "PBRSB-eIBRS Not affected"},
    Vulnerability{"srbds", 0, "Not affected", "Not affected"},
    Vulnerability{"tsa", 144, "Not affected", "Not affected"},
    Vulnerability{"tsx_async_abort", 0,
                  "Vulnerable: Clear CPU buffers attempted, no microcode; SMT Host state unknown",
                  "Not affected"},
    Vulnerability{"vmscape", 152, "Not affected", "Not affected"},
};

void add_topology(const std::string& one,
                  std::int64_t cpu,
                  std::int64_t cpus,
                  std::vector<FabricatedFile>& files) {
    const auto add = [&](std::string_view name, std::string content) {
        files.push_back({fmt::format("{}topology/{}", one, name), std::move(content), 0444});
    };
    add("core_id", fmt::format("{}\n", cpu));
    add("physical_package_id", "0\n");
    add("thread_siblings", cpu_mask(cpu, 1, cpus));
    add("thread_siblings_list", fmt::format("{}\n", cpu));
    add("core_siblings", cpu_mask(0, cpus, cpus));
    add("core_siblings_list", cpu_range(cpus));
}

/// `cache size` of /proc/cpuinfo is the last level on Intel, and the second on AMD.
void add_caches(const Persona& p,
                const std::string& one,
                std::int64_t cpu,
                std::vector<FabricatedFile>& files) {
    const bool amd = p.cpu_vendor == "AuthenticAMD";

    struct Cache {
        int level;
        const char* type;
        std::int64_t kib;
    };

    const std::array caches{Cache{1, "Data", caches_kib_l1}, Cache{1, "Instruction", caches_kib_l1},
                            Cache{2, "Unified", amd ? p.cpu_cache_kib : 4096},
                            Cache{3, "Unified", amd ? 16384 : p.cpu_cache_kib}};
    for (std::size_t i = 0; i < caches.size(); ++i) {
        const auto& cache = caches[i];
        const auto add = [&](std::string_view name, std::string content) {
            files.push_back(
                {fmt::format("{}cache/index{}/{}", one, i, name), std::move(content), 0444});
        };
        add("level", fmt::format("{}\n", cache.level));
        add("type", fmt::format("{}\n", cache.type));
        add("size", fmt::format("{}K\n", cache.kib));
        add("shared_cpu_map",
            cache.level == 3 ? cpu_mask(0, p.cpus, p.cpus) : cpu_mask(cpu, 1, p.cpus));
    }
}

} // namespace

void add_processor_files(const Persona& persona, std::vector<FabricatedFile>& files) {
    const std::string cpu = "/devices/system/cpu/";
    for (const char* name : {"online", "possible", "present"})
        files.push_back({cpu + name, cpu_range(persona.cpus), 0444});
    files.push_back({cpu + "offline", "\n", 0444});
    files.push_back({cpu + "kernel_max", "8191\n", 0444});
    files.push_back(
        {cpu + "modalias", "cpu:type:x86,ven0000fam0006mod0055:feature:,0000,0001\n", 0444});
    const std::string node = "/devices/system/node/";
    files.push_back({node + "online", "0\n", 0444});
    files.push_back({node + "node0/cpumap", cpu_mask(0, persona.cpus, persona.cpus), 0444});
    files.push_back({node + "node0/cpulist", cpu_range(persona.cpus), 0444});
    const int patch = patch_level(persona);
    const bool amd = persona.cpu_vendor == "AuthenticAMD";
    for (const auto& one : vulnerabilities)
        if (patch >= one.since)
            files.push_back({fmt::format("{}vulnerabilities/{}", cpu, one.name),
                             fmt::format("{}\n", amd ? one.amd : one.intel), 0444});
    for (std::int64_t i = 0; i < persona.cpus; ++i) {
        const auto one = fmt::format("{}cpu{}/", cpu, i);
        if (i > 0) files.push_back({one + "online", "1\n", 0644});
        add_topology(one, i, persona.cpus, files);
        add_caches(persona, one, i, files);
    }
}

} // namespace skep::cell
