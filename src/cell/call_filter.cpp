// Assembles the filter by hand: the first rule that fits decides, which libseccomp cannot promise
// for rules with arguments. Calls that are always allowed cost nothing, the kernel keeps them in a
// bitmap.
#include "cell/call_filter.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <map>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace skep::cell {
namespace {

// NOLINTNEXTLINE(modernize-avoid-c-arrays): more rows than a deduced std::array takes
constexpr CallRule rows[] = {
#define CALL(name, action, reason) CallRule{#name, #action, reason},
#include "cell/calls.def"
#undef CALL
};

constexpr std::uint32_t error(int number) {
    return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(number);
}

constexpr std::uint32_t allow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t notify = SECCOMP_RET_USER_NOTIF;

std::uint32_t action_of(std::string_view word) {
    static const std::map<std::string_view, std::uint32_t> words{
        {"allow", allow},        {"notify", notify},        {"trace", SECCOMP_RET_TRACE},
        {"EPERM", error(EPERM)}, {"EACCES", error(EACCES)}, {"EINVAL", error(EINVAL)},
        {"ESRCH", error(ESRCH)}, {"ENOSYS", error(ENOSYS)}, {"EOPNOTSUPP", error(EOPNOTSUPP)},
    };
    return words.at(word);
}

/// True if the low half of an argument, masked, is a value. Only low halves carry meaning in the
/// calls below.
struct Condition {
    unsigned argument;
    std::uint32_t mask;
    std::uint32_t value;
};

/// What happens if all conditions hold.
struct Rule {
    std::vector<Condition> conditions;
    std::uint32_t action;
};

class Assembler {
  public:
    void load(std::size_t offset) {
        put(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
    }

    void give(std::uint32_t action) { put(BPF_RET | BPF_K, action); }

    void put(int code, std::uint32_t value, std::size_t if_true = 0, std::size_t if_false = 0) {
        code_.push_back({static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(if_true),
                         static_cast<std::uint8_t>(if_false), value});
    }

    /// `call` alone decides.
    void call(int number, std::uint32_t action) {
        put(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1);
        give(action);
    }

    /// The first of `rules` that fits decides, `otherwise` if none does.
    void call(int number, const std::vector<Rule>& rules, std::uint32_t otherwise) {
        std::size_t length = 1;
        for (const auto& rule : rules)
            length += 3 * rule.conditions.size() + 1;
        put(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, length);
        for (const auto& rule : rules) {
            std::size_t left = 3 * rule.conditions.size() + 1;
            for (const auto& condition : rule.conditions) {
                load(offsetof(seccomp_data, args) + condition.argument * sizeof(std::uint64_t));
                put(BPF_ALU | BPF_AND | BPF_K, condition.mask);
                left -= 3;
                put(BPF_JMP | BPF_JEQ | BPF_K, condition.value, 0, left);
            }
            give(rule.action);
        }
        give(otherwise);
    }

    const std::vector<sock_filter>& code() const { return code_; }

  private:
    std::vector<sock_filter> code_;
};

constexpr std::uint32_t all_bits = 0xffffffffU;

void add_memory(Assembler& code) {
    // Executable pages come from base files only; the supervisor looks at each such mapping of a
    // file.
    const std::vector<Rule> mapping{{{{2, PROT_EXEC, 0}}, allow},
                                    {{{3, MAP_ANONYMOUS, 0}}, notify}};
    code.call(SCMP_SYS(mmap), mapping, error(EACCES));
    const std::vector<Rule> protection{{{{2, PROT_EXEC, 0}}, allow}};
    code.call(SCMP_SYS(mprotect), protection, error(EACCES));
    code.call(SCMP_SYS(pkey_mprotect), protection, error(EACCES));
    constexpr std::uint32_t shm_exec = 0100000;
    code.call(SCMP_SYS(shmat), {{{{2, shm_exec, 0}}, allow}}, error(EACCES));
    // The present value, and plain Linux; READ_IMPLIES_EXEC would make every page executable.
    code.call(
        SCMP_SYS(personality),
        {{{{0, all_bits, all_bits}}, allow}, {{{0, ~std::uint32_t{ADDR_NO_RANDOMIZE}, 0}}, allow}},
        error(EINVAL));
}

void add_status(Assembler& code) {
    // By path, the supervisor gives /proc and /dev their owners; of an open file the kernel's
    // answer is good enough, and the dynamic linker asks it for every library.
    constexpr std::uint32_t empty_path = 0x1000; // AT_EMPTY_PATH
    code.call(SCMP_SYS(newfstatat), {{{{3, empty_path, empty_path}}, allow}}, notify);
}

void add_limits(Assembler& code) {
    // Reading a limit that we have lowered gets the persona's; the rest, and setting one, is the
    // kernel's.
    std::vector<Rule> rules;
    for (const int resource :
         {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_AS, RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_SIGPENDING})
        rules.push_back(
            {{{1, all_bits, static_cast<std::uint32_t>(resource)}, {2, all_bits, 0}}, notify});
    code.call(SCMP_SYS(prlimit64), rules, allow);
}

void add_processes(Assembler& code) {
    // Threads share their descriptors, processes never do: the check of a mapped file's descriptor
    // would not hold.
    constexpr std::uint32_t namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                                         CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP;
    constexpr std::uint32_t never = namespaces | CLONE_PTRACE | CLONE_UNTRACED | CLONE_PARENT;
    constexpr std::uint32_t sharing = never | CLONE_VM | CLONE_FILES | CLONE_VFORK | CLONE_THREAD;
    code.call(SCMP_SYS(clone),
              {{{{0, sharing, 0}}, allow},
               {{{0, sharing, CLONE_VM | CLONE_VFORK}}, allow},
               {{{0, sharing, CLONE_VM | CLONE_FILES | CLONE_THREAD}}, allow}},
              error(EPERM));
    std::vector<Rule> options;
    for (const int option :
         {PR_SET_NAME, PR_GET_NAME, PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, PR_GET_DUMPABLE,
          PR_SET_DUMPABLE, PR_GET_KEEPCAPS, PR_SET_KEEPCAPS, PR_CAPBSET_READ, PR_CAPBSET_DROP,
          PR_GET_SECUREBITS, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS, PR_CAP_AMBIENT,
          PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER, PR_GET_TIMERSLACK, PR_SET_TIMERSLACK})
        options.push_back({{{0, all_bits, static_cast<std::uint32_t>(option)}}, allow});
    code.call(SCMP_SYS(prctl), options, error(EINVAL));
}

void add_sockets(Assembler& code) {
    code.call(SCMP_SYS(socket),
              {{{{0, all_bits, AF_UNIX}}, allow},
               {{{0, all_bits, AF_INET}}, allow},
               {{{0, all_bits, AF_INET6}}, allow},
               {{{0, all_bits, AF_NETLINK}, {2, all_bits, 0}}, allow}, // routing
               {{{0, all_bits, AF_NETLINK}}, error(EPROTONOSUPPORT)}},
              error(EAFNOSUPPORT));
    // Options from 64 on of IP and IPv6 reach the packet filter's tables.
    constexpr std::uint32_t ipv6 = 41;
    constexpr std::uint32_t from_64 = ~63U;
    code.call(SCMP_SYS(setsockopt),
              {{{{1, all_bits, 0}, {2, from_64, 0}}, allow},
               {{{1, all_bits, ipv6}, {2, from_64, 0}}, allow},
               {{{1, all_bits, 0}}, error(ENOPROTOOPT)},
               {{{1, all_bits, ipv6}}, error(ENOPROTOOPT)}},
              allow);
}

void add_ioctl(Assembler& code) {
    // Requests that type into a terminal, take the console, or load a line discipline.
    constexpr std::uint32_t tiocsti = 0x5412;
    constexpr std::uint32_t tioclinux = 0x541c;
    constexpr std::uint32_t tioccons = 0x541d;
    constexpr std::uint32_t tiocsetd = 0x5423;
    code.call(SCMP_SYS(ioctl),
              {{{{1, all_bits, tiocsti}}, error(EIO)},
               {{{1, all_bits, tioclinux}}, error(EPERM)},
               {{{1, all_bits, tioccons}}, error(EPERM)},
               {{{1, all_bits, tiocsetd}}, error(EPERM)}},
              allow);
}

} // namespace

std::span<const CallRule> call_rules() {
    return rows;
}

Result<process::Descriptor> make_call_filter() {
    Assembler code;
    code.load(offsetof(seccomp_data, arch));
    code.put(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
    code.give(SECCOMP_RET_KILL_PROCESS);
    code.load(offsetof(seccomp_data, nr));
    for (const auto& row : rows) {
        const int number = seccomp_syscall_resolve_name(row.name);
        if (number < 0) continue; // newer than the library, or of other machines: ENOSYS
        code.call(number, action_of(row.action));
    }
    // A block that loads arguments ends in a return: whoever passes it by still has the number
    // loaded.
    add_memory(code);
    add_status(code);
    add_limits(code);
    add_processes(code);
    add_sockets(code);
    add_ioctl(code);
    code.give(error(ENOSYS));
    process::Descriptor file{::memfd_create("filter", MFD_CLOEXEC)};
    const auto size = code.code().size() * sizeof(sock_filter);
    if (!file.valid() ||
        ::write(file.get(), code.code().data(), size) != static_cast<ssize_t>(size))
        return fail(Fault::refused, "the cell's filter");
    return file;
}

} // namespace skep::cell
