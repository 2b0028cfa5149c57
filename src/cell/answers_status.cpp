// stat and its relatives: what belongs to the host's root is root's here too.
//
// The kernel shows files whose owner has no number in a user namespace as nobody's. Those are the
// entries of /proc and the devices, and only they are answered here; everything else is the
// kernel's.
#include "cell/answers_processes.hpp"
#include "cell/notifier.hpp"
#include "cell/tracee.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

namespace skep::cell {
namespace {

constexpr std::size_t path_bytes_max = 4096;
constexpr unsigned unmapped_id = 65534;
constexpr unsigned tty_group = 5;

/// Whether an owner, as the supervisor sees it, has no number in the cell: the host's root, or our
/// own user.
bool is_outside(unsigned uid) {
    return uid == unmapped_id || uid == 0;
}

struct StatCall {
    int directory = AT_FDCWD;
    std::uint64_t path = 0;
    std::uint64_t flags = 0;
    std::uint64_t buffer = 0;
};

StatCall arguments_of(const Request& request) {
    const auto& args = request.args;
    switch (request.call) {
    case SYS_newfstatat: return {static_cast<int>(args[0]), args[1], args[3], args[2]};
    case SYS_statx: return {static_cast<int>(args[0]), args[1], args[2], args[4]};
    case SYS_lstat: return {AT_FDCWD, args[0], AT_SYMLINK_NOFOLLOW, args[1]};
    default: return {AT_FDCWD, args[0], 0, args[1]};
    }
}

bool is_special(std::string_view path) {
    return path.starts_with("/proc") || path.starts_with("/dev") || path.starts_with("/sys");
}

unsigned group_of(const Place& place) {
    return place.path == "/dev/tty" || place.path == "/dev/ptmx" ? tty_group : 0;
}

struct statx extended(const struct stat& info) {
    struct statx out{};
    const auto time = [](const timespec& when) {
        statx_timestamp stamp{};
        stamp.tv_sec = when.tv_sec;
        stamp.tv_nsec = static_cast<std::uint32_t>(when.tv_nsec);
        return stamp;
    };
    out.stx_mask = STATX_BASIC_STATS;
    out.stx_blksize = static_cast<std::uint32_t>(info.st_blksize);
    out.stx_nlink = static_cast<std::uint32_t>(info.st_nlink);
    out.stx_uid = info.st_uid;
    out.stx_gid = info.st_gid;
    out.stx_mode = static_cast<std::uint16_t>(info.st_mode);
    out.stx_ino = info.st_ino;
    out.stx_size = static_cast<std::uint64_t>(info.st_size);
    out.stx_blocks = static_cast<std::uint64_t>(info.st_blocks);
    out.stx_atime = time(info.st_atim);
    out.stx_mtime = time(info.st_mtim);
    out.stx_ctime = time(info.st_ctim);
    out.stx_dev_major = major(info.st_dev);
    out.stx_dev_minor = minor(info.st_dev);
    return out;
}

template <class Struct>
Answer write_back(const Request& request, std::uint64_t buffer, const Struct& info) {
    const std::string_view bytes{reinterpret_cast<const char*>(&info), sizeof info};
    return write_memory(request.pid, buffer, bytes) ? Answer::value(0) : Answer::error(EFAULT);
}

} // namespace

Answer answer_stat(CellState& state, const Request& request) {
    const auto call = arguments_of(request);
    const auto path = read_text(request.pid, call.path, path_bytes_max);
    if (!path || (path->empty() && (call.flags & AT_EMPTY_PATH) == 0)) return {};
    if (path->starts_with('/') && !is_special(*path)) return {};
    const auto absolute = state.view.absolute({request.pid}, call.directory, *path);
    if (!is_special(absolute)) return {};
    const auto place =
        path->empty() && call.directory != AT_FDCWD
            ? state.view.open_file({request.pid}, call.directory)
            : state.view.find({request.pid}, absolute, (call.flags & AT_SYMLINK_NOFOLLOW) == 0);
    if (const auto info = process_status(state, place))
        return request.call == SYS_statx ? write_back(request, call.buffer, extended(*info))
                                         : write_back(request, call.buffer, *info);
    // devpts gives its ptmx to root's group; udev gives it to tty's.
    if (!place.exists() || (!is_outside(place.info.st_uid) && place.path != "/dev/ptmx")) return {};
    if (request.call == SYS_statx) {
        struct statx info{};
        const auto flags =
            static_cast<int>(call.flags & ~std::uint64_t{AT_SYMLINK_NOFOLLOW}) | AT_EMPTY_PATH;
        if (::statx(place.file.get(), "", flags, static_cast<unsigned>(request.args[3]), &info) !=
            0)
            return {};
        if (S_ISCHR(info.stx_mode))
            info.stx_atime.tv_sec = info.stx_mtime.tv_sec = info.stx_ctime.tv_sec =
                state.plan.persona.boot_time;
        info.stx_uid = 0;
        info.stx_gid = group_of(place);
        return write_back(request, call.buffer, info);
    }
    auto info = place.info;
    if (S_ISCHR(info.st_mode))
        info.st_atim.tv_sec = info.st_mtim.tv_sec = info.st_ctim.tv_sec =
            state.plan.persona.boot_time;
    info.st_uid = 0;
    info.st_gid = group_of(place);
    return write_back(request, call.buffer, info);
}

} // namespace skep::cell
