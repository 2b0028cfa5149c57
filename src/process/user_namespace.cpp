// Unshares, while a helper that stays outside runs newuidmap and newgidmap for us.
#include "process/user_namespace.hpp"

#include "process/descriptor.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <optional>
#include <pwd.h>
#include <sched.h>
#include <sstream>
#include <string>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace skep::process {
namespace {

constexpr std::uint32_t ids_needed = 65536;
constexpr std::uint32_t ids_first_for_root = 100000;

std::string reason(std::string_view what) {
    return fmt::format("{}: {}", what, std::strerror(errno)); // NOLINT(concurrency-mt-unsafe)
}

std::string user_name(uid_t uid) {
    const passwd* entry = ::getpwuid(uid); // NOLINT(concurrency-mt-unsafe): one thread
    return entry == nullptr ? std::to_string(uid) : entry->pw_name;
}

/// The first range of at least 65,536 ids that `file` (subuid(5)) gives to the user.
std::optional<std::uint32_t> range_of(const char* file, const std::string& name, uid_t uid) {
    std::ifstream in{file};
    for (std::string line; std::getline(in, line);) {
        std::istringstream fields{line};
        std::string who;
        std::string first;
        std::string count;
        if (!std::getline(fields, who, ':') || !std::getline(fields, first, ':') ||
            !std::getline(fields, count))
            continue;
        if (who != name && who != std::to_string(uid)) continue;
        std::uint32_t start = 0;
        std::uint32_t size = 0;
        std::from_chars(first.data(), first.data() + first.size(), start);
        std::from_chars(count.data(), count.data() + count.size(), size);
        if (start != 0 && size >= ids_needed) return start;
    }
    return std::nullopt;
}

/// Whether this process is root of a user namespace that already has our map.
bool inside_already() {
    if (::geteuid() != 0) return false;
    std::ifstream map{"/proc/self/uid_map"};
    std::uint64_t inside = 0;
    std::uint64_t outside = 0;
    std::uint64_t count = 0;
    while (map >> inside >> outside >> count)
        if (inside == 1 && count >= ids_needed) return true;
    return false;
}

struct Ranges {
    std::uint32_t uids;
    std::uint32_t gids;
};

Result<Ranges> own_ranges() {
    const uid_t uid = ::getuid();
    const auto name = user_name(uid);
    auto uids = range_of("/etc/subuid", name, uid);
    auto gids = range_of("/etc/subgid", name, uid);
    if (uid == 0) {
        if (!uids) uids = ids_first_for_root;
        if (!gids) gids = ids_first_for_root;
    }
    if (!uids || !gids)
        return fail(Fault::refused,
                    fmt::format("user {0} has no 65536 subordinate ids in {1}; as root: usermod "
                                "--add-subuids 100000-165535 --add-subgids 100000-165535 {0} "
                                "(another range if that one is taken)",
                                name, uids ? "/etc/subgid" : "/etc/subuid"));
    return Ranges{*uids, *gids};
}

bool write_map(const std::string& path, std::uint32_t own, std::uint32_t first) {
    const Descriptor file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
    const auto text = fmt::format("0 {} 1\n1 {} {}\n", own, first, ids_needed);
    return file.valid() &&
           ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool run_tool(const char* tool, pid_t target, std::uint32_t own, std::uint32_t first) {
    const std::array<std::string, 7> words{
        std::to_string(target),    "0", std::to_string(own), "1", "1", std::to_string(first),
        std::to_string(ids_needed)};
    std::vector<char*> argv{const_cast<char*>(tool)};
    for (const auto& word : words)
        argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        ::execvp(tool, argv.data());
        ::_exit(127);
    }
    int status = 0;
    return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/// In the helper, which stays outside: exit status 0 if `target` has its maps.
int give_maps(pid_t target, const Ranges& ranges) {
    const auto own_uid = ::getuid();
    const auto own_gid = ::getgid();
    if (own_uid == 0) {
        const auto base = fmt::format("/proc/{}/", target);
        if (write_map(base + "uid_map", own_uid, ranges.uids) &&
            write_map(base + "gid_map", own_gid, ranges.gids))
            return 0;
    }
    if (!run_tool("newuidmap", target, own_uid, ranges.uids)) return 1;
    return run_tool("newgidmap", target, own_gid, ranges.gids) ? 0 : 2;
}

Result<void> unshare_with_maps(const Ranges& ranges) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(Fault::refused, reason("pipe"));
    const Descriptor wait{ends[0]};
    Descriptor go{ends[1]};
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); // newuidmap only serves processes of its own user
    const pid_t self = ::getpid();
    const pid_t helper = ::fork();
    if (helper < 0) return fail(Fault::refused, reason("fork"));
    if (helper == 0) {
        go.reset();
        char byte = 0;
        ::_exit(::read(wait.get(), &byte, 1) == 1 ? give_maps(self, ranges) : 3);
    }
    const bool made = ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
    const auto why = reason("user namespaces are not available");
    if (made && ::write(go.get(), "g", 1) != 1) return fail(Fault::refused, reason("pipe"));
    go.reset();
    int status = 0;
    while (::waitpid(helper, &status, 0) < 0 && errno == EINTR) {
    }
    if (!made)
        return fail(Fault::refused, why + "; the kernel needs user.max_user_namespaces above 0 "
                                          "(and on some systems "
                                          "kernel.unprivileged_userns_clone=1)");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail(Fault::refused,
                    fmt::format("{} failed; install the package uidmap and see that the command is "
                                "set-user-ID and that no_new_privs is off",
                                WEXITSTATUS(status) == 2 ? "newgidmap" : "newuidmap"));
    return {};
}

} // namespace

Result<void> enter_user_namespace() {
    if (inside_already()) {
        if (::unshare(CLONE_NEWNS) != 0) return fail(Fault::refused, reason("mount namespace"));
    } else {
        TRY(const auto ranges, own_ranges());
        if (auto done = unshare_with_maps(ranges); !done) return done;
        if (::setresgid(0, 0, 0) != 0 || ::setgroups(0, nullptr) != 0 || ::setresuid(0, 0, 0) != 0)
            return fail(Fault::refused, reason("ids inside the user namespace"));
    }
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return fail(Fault::refused, reason("private mounts"));
    return {};
}

} // namespace skep::process
