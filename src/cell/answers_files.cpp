// Calls about files: the persona's /proc, and the attacker's files before they change.
#include "cell/fabricate.hpp"
#include "cell/notifier.hpp"
#include "cell/proc_answer.hpp"
#include "cell/tracee.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace skep::cell {
namespace {

constexpr std::size_t path_bytes_max = 4096;
constexpr std::int64_t measure_seconds = 3;

/// A path argument and the descriptor that it is relative to.
struct Where {
    int directory = AT_FDCWD;
    std::string path;
};

std::optional<Where> where(const Request& request, bool at, unsigned first) {
    auto path = read_text(request.pid, request.args[at ? first + 1 : first], path_bytes_max);
    if (!path) return std::nullopt;
    return Where{at ? static_cast<int>(request.args[first]) : AT_FDCWD, std::move(*path)};
}

struct OpenCall {
    Where where;
    std::uint64_t flags = 0;
};

std::optional<OpenCall> open_call(const Request& request) {
    const bool at = request.call == SYS_openat || request.call == SYS_openat2;
    auto place = where(request, at, 0);
    if (!place) return std::nullopt;
    OpenCall call{std::move(*place), request.args[at ? 2 : 1]};
    if (request.call == SYS_creat) call.flags = O_CREAT | O_WRONLY | O_TRUNC;
    if (request.call == SYS_openat2) {
        const auto how = read_memory(request.pid, request.args[2], sizeof(std::uint64_t));
        if (!how) return std::nullopt;
        std::memcpy(&call.flags, how->data(), sizeof call.flags);
    }
    return call;
}

/// What a call names, without following a last link unless `follow`. Nothing, if it cannot be told.
std::optional<Place>
place_of(const CellState& state, const Request& request, const Where& named, bool follow) {
    const auto absolute = state.view.absolute({request.pid}, named.directory, named.path);
    if (absolute.empty()) return std::nullopt;
    return state.view.find({request.pid}, absolute, follow);
}

bool writes(std::uint64_t flags) {
    return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0;
}

bool below(std::string_view path, std::string_view directory) {
    return path.starts_with(directory) &&
           (path.size() == directory.size() || path[directory.size()] == '/');
}

/// The attacker's disk is full when what they wrote reaches the limits.
bool disk_is_full(CellState& state) {
    measure_usage(state);
    return state.used_bytes > state.plan.limits.disk_bytes ||
           state.used_files > state.plan.limits.files;
}

/// Whether the directory is there in which `path`, which is not, would be.
bool has_parent(CellState& state, const Request& request, const std::string& path) {
    return state.view.find({request.pid}, path.substr(0, path.rfind('/'))).exists();
}

Answer open_for_writing(CellState& state,
                        const Request& request,
                        const Place& place,
                        std::uint64_t flags) {
    if (below(place.path, "/sys")) {
        if (place.exists()) return place.regular() ? Answer::error(EACCES) : Answer{};
        const bool creates = (flags & O_CREAT) != 0 && has_parent(state, request, place.path);
        return Answer::error(creates ? EACCES : ENOENT);
    }
    if (place.exists() && !place.regular()) return {};
    const auto who = state.request_of(request.pid);
    if ((flags & O_TRUNC) != 0) state.capture.keep(place, "truncate", who);
    // Below /dev lies memory of its own size.
    if (!below(place.path, "/dev") && disk_is_full(state)) return Answer::error(ENOSPC);
    state.capture.watch(place.path, who);
    return {};
}

} // namespace

Answer answer_open(CellState& state, const Request& request) {
    const auto call = open_call(request);
    if (!call || (call->flags & O_PATH) != 0) return {};
    const auto absolute =
        state.view.absolute({request.pid}, call->where.directory, call->where.path);
    if (call->where.path.empty()) return {};
    if (absolute.empty()) return Answer::error(ENAMETOOLONG);
    const bool exclusive = (call->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
    const bool follow = (call->flags & O_NOFOLLOW) == 0 && !exclusive;
    if (!writes(call->flags) && state.view.is_elsewhere(absolute, follow)) return {};
    const auto place = state.view.find({request.pid}, absolute, follow);
    if (state.view.on_proc(place) || (!place.exists() && below(place.path, "/proc")))
        return answer_proc(state, request, place, call->flags);
    if (writes(call->flags)) return open_for_writing(state, request, place, call->flags);
    return {};
}

Answer answer_unlink(CellState& state, const Request& request) {
    const bool at = request.call == SYS_unlinkat;
    if (at && (request.args[2] & AT_REMOVEDIR) != 0) return {};
    const auto file = where(request, at, 0);
    if (!file) return {};
    const auto place = place_of(state, request, *file, false);
    if (!place) return Answer::error(ENAMETOOLONG);
    if (below(place->path, "/proc") || below(place->path, "/sys"))
        return Answer::error(place->exists() ? EPERM : ENOENT);
    state.capture.keep(*place, "unlink", state.request_of(request.pid));
    return {};
}

Answer answer_rename(CellState& state, const Request& request) {
    const bool at = request.call != SYS_rename;
    const auto to = where(request, at, at ? 2 : 1);
    if (!to) return {};
    const auto place = place_of(state, request, *to, false);
    if (!place) return Answer::error(ENAMETOOLONG);
    const auto who = state.request_of(request.pid);
    state.capture.keep(*place, "rename", who);
    state.capture.watch(place->path, who);
    return {};
}

Answer answer_truncate(CellState& state, const Request& request) {
    const auto file = where(request, false, 0);
    if (!file) return {};
    const auto place = place_of(state, request, *file, true);
    if (!place) return Answer::error(ENAMETOOLONG);
    state.capture.keep(*place, "truncate", state.request_of(request.pid));
    return {};
}

Answer answer_mkdir(CellState& state, const Request& request) {
    const auto file = where(request, request.call == SYS_mkdirat, 0);
    if (!file) return {};
    const auto place = place_of(state, request, *file, false);
    if (!place) return Answer::error(ENAMETOOLONG);
    if (place->exists()) return {};
    if (below(place->path, "/proc")) return Answer::error(ENOENT);
    if (below(place->path, "/sys"))
        return Answer::error(has_parent(state, request, place->path) ? EPERM : ENOENT);
    if (!below(place->path, "/dev") && !below(place->path, "/run") && disk_is_full(state))
        return Answer::error(ENOSPC);
    return {};
}

Answer answer_statfs(CellState& state, const Request& request) {
    Place place;
    if (request.call == SYS_fstatfs) {
        place = state.view.open_file({request.pid}, static_cast<int>(request.args[0]));
    } else {
        const auto file = where(request, false, 0);
        if (!file) return {};
        auto named = place_of(state, request, *file, true);
        if (!named) return Answer::error(ENAMETOOLONG);
        place = std::move(*named);
    }
    struct statfs info{};
    if (!place.exists() || ::fstatfs(place.file.get(), &info) != 0) return {};
    measure_usage(state);
    fabricate_statfs(state.plan.persona, place.path, state.used_bytes, state.used_files, info);
    const std::string_view bytes{reinterpret_cast<const char*>(&info), sizeof info};
    return write_memory(request.pid, request.args[1], bytes) ? Answer::value(0)
                                                             : Answer::error(EFAULT);
}

void measure_usage(CellState& state) {
    const auto now = system_clock().now() / 1000000;
    if (now - state.measured < measure_seconds) return;
    state.measured = now;
    const auto usage = tree_usage(state.view.upper_path());
    state.used_bytes = usage.bytes;
    state.used_files = usage.files;
}

} // namespace skep::cell
