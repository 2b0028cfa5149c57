#include "process/sandbox.hpp"

#include "process/descriptor.hpp"
#include "process/sandbox_profiles.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace skep::process {
namespace {

// Headers of Debian 12 know Landlock's ABI 2; these bits came later (kernel 6.2, 6.7, 6.10, 6.12)
// and are used where the running kernel has them.
constexpr std::uint64_t fs_truncate = 1ULL << 14U;
constexpr std::uint64_t fs_ioctl_dev = 1ULL << 15U;
constexpr std::uint64_t net_bind_and_connect = 3;
constexpr std::uint64_t scope_all = 3;

struct Ruleset {
    std::uint64_t fs = 0;
    std::uint64_t net = 0;
    std::uint64_t scoped = 0;
};

constexpr std::uint64_t fs_read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t fs_write = fs_read | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                   LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                   LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                   LANDLOCK_ACCESS_FS_REFER | fs_truncate;

/// Everything that version `abi` of the kernel's interface can restrict.
Ruleset all_of(long abi) {
    Ruleset rules;
    rules.fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | fs_read |
               LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
               LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
               LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
               LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
               LANDLOCK_ACCESS_FS_MAKE_SYM;
    if (abi >= 2) rules.fs |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3) rules.fs |= fs_truncate;
    if (abi >= 4) rules.net = net_bind_and_connect;
    if (abi >= 5) rules.fs |= fs_ioctl_dev;
    if (abi >= 6) rules.scoped = scope_all;
    return rules;
}

/// The size that a kernel of version `abi` knows; it refuses a longer structure with bits set, and
/// so a longer one.
std::size_t size_for(long abi) {
    return abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
}

Result<void> add_rule(int ruleset, int place, std::uint64_t access) {
    landlock_path_beneath_attr rule{};
    rule.allowed_access = access;
    rule.parent_fd = place;
    if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        return fail(Fault::refused, "Landlock rule");
    return {};
}

Result<void> allow(int ruleset, const std::string& path, std::uint64_t access) {
    const Descriptor place{::open(path.c_str(), O_PATH | O_CLOEXEC)};
    if (!place.valid())
        return fail(
            Fault::refused,
            fmt::format("{}: {}", path,
                        std::strerror(errno))); // NOLINT(concurrency-mt-unsafe): one thread yet
    struct stat info{};
    if (::fstat(place.get(), &info) == 0 && !S_ISDIR(info.st_mode))
        access &= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | fs_truncate;
    if (!add_rule(ruleset, place.get(), access))
        return fail(Fault::refused, fmt::format("Landlock rule for {}", path));
    return {};
}

Result<Descriptor> make_ruleset(const Ruleset& rules, long abi) {
    Descriptor ruleset{
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, size_for(abi), 0))};
    if (!ruleset.valid()) return fail(Fault::refused, "Landlock rules");
    return ruleset;
}

Result<void> enforce(const Descriptor& ruleset) {
    if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
        return fail(Fault::refused, "Landlock");
    return {};
}

long landlock_abi() {
    return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

/// What a profile does with a call that it does not allow. Sanitizer builds answer EPERM instead of
/// ending the process: their run-time opens files when it reports.
std::uint32_t default_action() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return SCMP_ACT_ERRNO(EPERM);
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return SCMP_ACT_ERRNO(EPERM);
#else
    return SCMP_ACT_KILL_PROCESS;
#endif
#else
    return SCMP_ACT_KILL_PROCESS;
#endif
}

struct Filter {
    scmp_filter_ctx handle;
    int error = 0;

    explicit Filter(std::uint32_t action) : handle{seccomp_init(action)} {}

    Filter(const Filter&) = delete;
    Filter& operator=(const Filter&) = delete;

    ~Filter() { seccomp_release(handle); }

    void add(std::uint32_t action, const char* name) {
        const int number = seccomp_syscall_resolve_name(name);
        if (number == __NR_SCMP_ERROR) return; // not on this architecture
        keep(seccomp_rule_add(handle, action, number, 0));
    }

    void add_if(std::uint32_t action, int number, const scmp_arg_cmp& condition) {
        keep(seccomp_rule_add_array(handle, action, number, 1, &condition));
    }

    void keep(int result) {
        if (result != 0 && error == 0) error = result;
    }
};

void add_memory_rules(Filter& filter) {
    // No page becomes code after start-up.
    const scmp_arg_cmp no_code{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0};
    filter.add_if(SCMP_ACT_ALLOW, SCMP_SYS(mmap), no_code);
    filter.add_if(SCMP_ACT_ALLOW, SCMP_SYS(mprotect), no_code);
}

void add_thread_rules(Filter& filter, Profile profile) {
    // clone3's flags lie in memory, which a filter cannot read: glibc falls back to clone when it
    // does not exist.
    filter.add(SCMP_ACT_ERRNO(ENOSYS), "clone3");
    if (profile == Profile::sensor) return;
    const scmp_arg_cmp a_thread{0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD};
    filter.add_if(SCMP_ACT_ALLOW, SCMP_SYS(clone), a_thread);
}

Result<void> drop_capabilities() {
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
        ::prctl(PR_CAPBSET_DROP, capability, 0, 0,
                0); // without CAP_SETPCAP there is nothing to drop
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
    if (::syscall(SYS_capset, &header, none.data()) != 0)
        return fail(Fault::refused, "capabilities");
    return {};
}

} // namespace

Result<void> drop_privileges(Keep keep) {
    if (keep == Keep::nothing) {
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
            return fail(Fault::refused, "no_new_privs");
        // An empty network: the sockets that we were handed still work, new ones would lead
        // nowhere. Only root of a user namespace may do it; outside of one (tests) seccomp alone
        // keeps us from making sockets.
        if (::unshare(CLONE_NEWNET) != 0 && errno != EPERM)
            return fail(Fault::refused, "network namespace");
        if (auto dropped = drop_capabilities(); !dropped) return dropped;
        if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail(Fault::refused, "dumpable");
    }
    const rlimit no_core{0, 0};
    if (::setrlimit(RLIMIT_CORE, &no_core) != 0) return fail(Fault::refused, "RLIMIT_CORE");
    return {};
}

Result<void> restrict_files(const FileRules& rules) {
    const long abi = landlock_abi();
    if (abi < 1) return fail(Fault::refused, "the kernel has no Landlock");
    const auto all = all_of(abi);
    TRY(const auto ruleset, make_ruleset(all, abi));
    for (const auto& path : rules.read)
        if (auto allowed = allow(ruleset.get(), path, fs_read & all.fs); !allowed) return allowed;
    for (const auto& path : rules.write)
        if (auto allowed = allow(ruleset.get(), path, fs_write & all.fs); !allowed) return allowed;
    return enforce(ruleset);
}

Result<void> confine_to(std::span<const int> places) {
    const long abi = landlock_abi();
    if (abi < 2) return fail(Fault::refused, "the kernel's Landlock cannot allow renaming");
    auto all = all_of(abi);
    all.net = 0; // its network namespace is its own
    TRY(const auto ruleset, make_ruleset(all, abi));
    for (const int place : places)
        if (auto added = add_rule(ruleset.get(), place, all.fs); !added) return added;
    return enforce(ruleset);
}

Result<void> restrict_calls(Profile profile) {
    const bool inherited = profile == Profile::cells || profile == Profile::supervisor;
    Filter filter{inherited ? std::uint32_t{SCMP_ACT_ALLOW} : default_action()};
    if (filter.handle == nullptr) return fail(Fault::refused, "seccomp");
    if (inherited) {
        // As root of our namespace we may; with no_new_privs, su would not work in the cells below.
        filter.keep(seccomp_attr_set(filter.handle, SCMP_FLTATR_CTL_NNP, 0));
        for (const char* name : never_allowed_calls())
            filter.add(SCMP_ACT_ERRNO(EPERM), name);
    } else {
        for (const auto& row : allowed_calls())
            if ((row.profiles & bit(profile)) != 0U) filter.add(SCMP_ACT_ALLOW, row.name);
        add_memory_rules(filter);
        add_thread_rules(filter, profile);
    }
    if (filter.error == 0) filter.keep(seccomp_load(filter.handle));
    if (filter.error != 0)
        return fail(
            Fault::refused,
            fmt::format(
                "seccomp: {}",
                std::strerror(-filter.error))); // NOLINT(concurrency-mt-unsafe): one thread yet
    return {};
}

} // namespace skep::process
