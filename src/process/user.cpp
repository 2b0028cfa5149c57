#include "process/user.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace skep::process {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> refused(const std::string& what) {
    return fail(Fault::refused,
                fmt::format("{}: {}", what,
                            std::strerror(errno))); // NOLINT(concurrency-mt-unsafe): one thread
}

/// What our processes fill, as `user` or with the ids of their user namespace: nothing of root's is
/// in there, and it may be too much to look at on every start.
constexpr std::array filled_by_us{"cells", "images", "journal", "recordings", "vault"};

/// Gives what root made here to `user`; what belongs to somebody else stays.
void give(const passwd& user) {
    const auto take = [&](const fs::path& path) {
        struct stat info{};
        if (::lstat(path.c_str(), &info) == 0 && info.st_uid == 0 &&
            ::lchown(path.c_str(), user.pw_uid, user.pw_gid) != 0)
            fmt::print(stderr, "warning: cannot give {} to {}\n", path.string(), user.pw_name);
    };
    take(".");
    fs::recursive_directory_iterator entry{"."};
    for (; entry != fs::recursive_directory_iterator{}; ++entry) {
        if (std::ranges::find(filled_by_us, entry->path().filename().string()) !=
            filled_by_us.end())
            entry.disable_recursion_pending();
        take(entry->path());
    }
}

} // namespace

Result<void> enter_directory(const std::string& directory) {
    if (::chdir(directory.c_str()) != 0) return refused(directory);
    return {};
}

Result<void> become_user(const std::string& user, const std::string& directory) {
    if (auto here = enter_directory(directory); !here) return here;
    if (::geteuid() != 0) return {};
    const passwd* entry = ::getpwnam(user.c_str()); // NOLINT(concurrency-mt-unsafe): one thread
    if (entry == nullptr)
        return fail(
            Fault::refused,
            fmt::format("there is no user `{}` (setting run.user); `skep init` as root makes it",
                        user));
    if (entry->pw_uid == 0) return fail(Fault::refused, "setting run.user must not be root");
    give(*entry);
    const gid_t group = entry->pw_gid;
    const uid_t id = entry->pw_uid;
    if (::setgroups(1, &group) != 0 || ::setresgid(group, group, group) != 0 ||
        ::setresuid(id, id, id) != 0)
        return refused("cannot become " + user);
    // newuidmap refuses processes whose /proc entry belongs to root, which a change of user makes
    // it do.
    if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return refused("dumpable");
    return {};
}

} // namespace skep::process
