#include "cell/view.hpp"

#include "base/bytes.hpp"
#include "base/crypto/sha256.hpp"
#include "cell/tracee.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <climits>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace skep::cell {
namespace {

using process::Descriptor;

constexpr int steps_max = 128; // of one path, links included
constexpr std::size_t block_bytes = 65536;
constexpr std::string_view deleted_mark = " (deleted)"; ///< d_path() of the kernel

Descriptor open_in(int root, const std::string& path, std::uint64_t flags) {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC | flags;
    how.resolve = RESOLVE_IN_ROOT;
    return Descriptor{
        static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how))};
}

std::string link_text(int directory, const char* path) {
    std::array<char, PATH_MAX> text{};
    const auto size = ::readlinkat(directory, path, text.data(), text.size());
    return size <= 0 ? std::string{} : std::string{text.data(), static_cast<std::size_t>(size)};
}

std::uint64_t mount_of(int file) {
    struct statx info{};
    return ::statx(file, "", AT_EMPTY_PATH, STATX_MNT_ID, &info) == 0 ? info.stx_mnt_id : 0;
}

void push_front(std::deque<std::string>& parts, std::string_view path) {
    std::deque<std::string> found;
    while (!path.empty()) {
        const auto slash = path.find('/');
        if (slash != 0) found.emplace_back(path.substr(0, slash));
        if (slash == std::string_view::npos) break;
        path.remove_prefix(slash + 1);
    }
    parts.insert(parts.begin(), found.begin(), found.end());
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// /proc/N/exe, cwd, root or fd/M: a link that leads to a file, whatever its text says.
bool is_magic(std::string_view path) {
    if (!path.starts_with("/proc/")) return false;
    path.remove_prefix(6);
    const auto slash = path.find('/');
    if (slash == std::string_view::npos || !is_number(path.substr(0, slash))) return false;
    path.remove_prefix(slash + 1);
    if (path.starts_with("task/")) {
        path.remove_prefix(5);
        const auto next = path.find('/');
        if (next == std::string_view::npos) return false;
        path.remove_prefix(next + 1);
    }
    if (path == "exe" || path == "cwd" || path == "root") return true;
    return path.starts_with("fd/") && is_number(path.substr(3));
}

} // namespace

CellView::CellView(Descriptor root, Descriptor base, Descriptor upper, const ProgramTable& programs)
    : root_{std::move(root)}, base_{std::move(base)}, upper_{std::move(upper)},
      upper_path_{fmt::format("/proc/self/fd/{}/.", upper_.get())}, programs_{programs} {
    root_mount_ = mount_of(root_.get());
    base_mount_ = mount_of(base_.get());
    struct stat info{};
    if (::fstatat(root_.get(), "proc", &info, 0) == 0) proc_device_ = info.st_dev;
}

std::string CellView::absolute(const Caller& caller, int directory, const std::string& path) const {
    if (path.starts_with('/')) return path;
    const auto link = directory == AT_FDCWD ? fmt::format("/proc/{}/cwd", caller.pid)
                                            : fmt::format("/proc/{}/fd/{}", caller.pid, directory);
    auto base = link_text(AT_FDCWD, link.c_str());
    if (!base.starts_with('/')) return {};
    if (base.ends_with(deleted_mark) && !is_same(link, base))
        base.resize(base.size() - deleted_mark.size());
    if (path.empty()) return base;
    // A directory that was removed still has its parent, and nothing else: what leads out of it is
    // followed here, as there is no path to it any more. Its name is free of links.
    std::string_view rest{path};
    while (rest == ".." || rest.starts_with("../") || rest.starts_with("./")) {
        const bool up = rest.starts_with("..");
        rest.remove_prefix(std::min<std::size_t>(up ? 3 : 2, rest.size()));
        if (up) base.resize(std::max<std::size_t>(base.rfind('/'), 1));
        while (rest.starts_with('/'))
            rest.remove_prefix(1);
    }
    return base + '/' + std::string{rest};
}

/// Whether the file behind a link of our own /proc is the one at that path of the cell: an attacker
/// may name a directory as if it had been removed.
bool CellView::is_same(const std::string& link, const std::string& path) const {
    struct stat one{};
    struct stat other{};
    const auto file = open_in(root_.get(), path, O_NOFOLLOW);
    return file.valid() && ::stat(link.c_str(), &one) == 0 && ::fstat(file.get(), &other) == 0 &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

Place CellView::hold(Descriptor file) const {
    Place place;
    if (!file.valid() || ::fstat(file.get(), &place.info) != 0) return place;
    place.mount = mount_of(file.get());
    place.path = link_text(AT_FDCWD, fmt::format("/proc/self/fd/{}", file.get()).c_str());
    place.file = std::move(file);
    return place;
}

Place CellView::find(const Caller& caller, const std::string& path, bool follow_last) const {
    auto file = open_in(root_.get(), path, follow_last ? 0 : O_NOFOLLOW);
    if (file.valid()) return hold(std::move(file));
    return walk(caller, path, follow_last);
}

Place CellView::walk(const Caller& caller, const std::string& path, bool follow_last) const {
    std::deque<std::string> parts;
    push_front(parts, path);
    std::string at;
    Place nothing;
    nothing.path = path;
    for (int step = 0; !parts.empty(); ++step) {
        if (step == steps_max) return nothing;
        const auto part = parts.front();
        parts.pop_front();
        if (part == ".") continue;
        if (part == "..") {
            at.resize(at.empty() ? 0 : at.find_last_of('/'));
            continue;
        }
        const auto next = at + '/' + part;
        if (next == "/proc/self") {
            at = fmt::format("/proc/{}", task_status(caller.pid).cell_pid);
            continue;
        }
        if (next == "/proc/thread-self") {
            const auto status = task_status(caller.pid);
            at = fmt::format("/proc/{}/task/{}", status.cell_pid, status.cell_tid);
            continue;
        }
        const bool last = parts.empty();
        if (is_magic(next) && (!last || follow_last)) {
            auto place =
                hold(Descriptor{::openat(root_.get(), next.c_str() + 1, O_PATH | O_CLOEXEC)});
            if (last || !place.exists()) return place;
            at = place.path == "/" ? "" : place.path;
            continue;
        }
        const auto found = open_in(root_.get(), next, O_NOFOLLOW);
        struct stat info{};
        if (!found.valid() || ::fstat(found.get(), &info) != 0) {
            nothing.path = next;
            for (const auto& rest : parts)
                nothing.path += '/' + rest;
            return nothing;
        }
        if (S_ISLNK(info.st_mode) && (!last || follow_last)) {
            const auto target = link_text(found.get(), "");
            if (target.starts_with('/')) at.clear();
            push_front(parts, target);
            continue;
        }
        at = next;
    }
    auto place = hold(open_in(root_.get(), at.empty() ? "/" : at, O_NOFOLLOW));
    if (!place.exists()) place.path = path;
    return place;
}

Place CellView::open_file(const Caller& caller, int descriptor) const {
    return open_link(fmt::format("/proc/{}/fd/{}", caller.pid, descriptor));
}

Place CellView::open_link(const std::string& link) const {
    return hold(Descriptor{::open(link.c_str(), O_PATH | O_CLOEXEC)});
}

bool CellView::is_base(const Place& place) const {
    if (!place.regular()) return false;
    if (place.mount == base_mount_) return true;
    return place.mount == root_mount_ && is_base_path(place.path, place.info.st_ino);
}

bool CellView::is_base_path(std::string_view path, std::uint64_t inode) const {
    if (!path.starts_with('/')) return false;
    // From the top: where the upper layer has no entry, everything below is the image's. An entry
    // never goes away without leaving a whiteout, so what was covered when the kernel opened the
    // file is covered now.
    for (std::size_t end = 1; end != std::string_view::npos;) {
        end = path.find('/', end + 1);
        const std::string prefix{path.substr(1, end == std::string_view::npos ? end : end - 1)};
        struct stat info{};
        if (::fstatat(upper_.get(), prefix.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno != ENOENT) return false;
            break;
        }
        if (!S_ISDIR(info.st_mode) || end == std::string_view::npos) return false;
        char opaque = 0;
        if (::lgetxattr((upper_path_ + '/' + prefix).c_str(), "user.overlay.opaque", &opaque, 1) ==
            1)
            return false;
        if (errno != ENODATA) return false;
    }
    struct stat info{};
    return ::fstatat(base_.get(), std::string{path.substr(1)}.c_str(), &info,
                     AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(info.st_mode) && info.st_ino == inode;
}

std::string CellView::identical_program(const Place& place) const {
    if (!place.regular() ||
        !programs_.sizes.contains(static_cast<std::uint64_t>(place.info.st_size)))
        return {};
    const auto file = open_for_reading(place);
    if (!file.valid()) return {};
    crypto::Sha256 digest;
    std::string block(block_bytes, '\0');
    off_t at = 0;
    for (ssize_t count = 0; at <= place.info.st_size &&
                            (count = ::pread(file.get(), block.data(), block.size(), at)) > 0;
         at += count)
        digest.update(std::string_view{block.data(), static_cast<std::size_t>(count)});
    const auto found = programs_.path_of.find(hex(digest.finish()));
    return found == programs_.path_of.end() ? std::string{} : found->second;
}

std::string CellView::executable_path(const std::string& program) const {
    struct stat info{};
    if (::fstatat(base_.get(), program.c_str() + 1, &info, AT_SYMLINK_NOFOLLOW) != 0) return {};
    if (is_base_path(program, info.st_ino)) return program;
    return "/proc/1/fd/5" + program;
}

Descriptor CellView::open_for_reading(const Place& place) {
    if (!place.regular()) return {};
    return Descriptor{::open(fmt::format("/proc/self/fd/{}", place.file.get()).c_str(),
                             O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
}

bool CellView::is_elsewhere(const std::string& path, bool follow_last) const {
    struct stat info{};
    const auto file = open_in(root_.get(), path, follow_last ? 0 : O_NOFOLLOW);
    if (file.valid()) return ::fstat(file.get(), &info) == 0 && info.st_dev != proc_device_;
    if (errno != ENOENT) return false;
    // Nothing is there, not even a link that only the caller could follow.
    const auto slash = path.rfind('/');
    const auto name = path.substr(slash + 1);
    if (name.empty() || name == "." || name == "..") return false;
    const auto parent = open_in(root_.get(), path.substr(0, slash + 1), 0);
    return parent.valid() && ::fstat(parent.get(), &info) == 0 && info.st_dev != proc_device_ &&
           ::fstatat(parent.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 &&
           errno == ENOENT;
}

bool CellView::on_proc(const Place& place) const {
    return place.exists() && place.info.st_dev == proc_device_;
}

} // namespace skep::cell
