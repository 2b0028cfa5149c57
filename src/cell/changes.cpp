#include "cell/changes.hpp"

#include "cell/tar_writer.hpp"
#include "process/descriptor.hpp"
#include "process/user_namespace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace skep::cell {
namespace {

using process::Descriptor;

constexpr int depth_max = 256; ///< With each level a descriptor.
constexpr std::size_t block_bytes = 65536;

std::unexpected<Error> refused(const std::string& what) {
    return fail(Fault::refused, fmt::format("{}: {}", what,
                                            std::strerror(errno))); // NOLINT(concurrency-mt-unsafe)
}

/// Never through a link: names and links are the attacker's.
Descriptor open_below(int directory, const std::string& path, std::uint64_t flags) {
    open_how how{};
    how.flags = flags | O_CLOEXEC | O_NOFOLLOW;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    return Descriptor{
        static_cast<int>(::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how))};
}

std::string link_target(int directory, const char* name) {
    std::array<char, PATH_MAX> text{};
    const auto size = ::readlinkat(directory, name, text.data(), text.size());
    return size <= 0 ? std::string{} : std::string{text.data(), static_cast<std::size_t>(size)};
}

bool earlier(const timespec& left, const statx_timestamp& right) {
    return left.tv_sec != right.tv_sec ? left.tv_sec < right.tv_sec
                                       : left.tv_nsec <= static_cast<long>(right.tv_nsec);
}

/// The three places that a comparison needs.
struct Places {
    Descriptor upper;
    Descriptor base;
    statx_timestamp made{}; ///< When the machine was ready for its first visitor.
};

/// `made` holds the image's name; cells of an older version have an empty one.
Result<Places> open_places(const std::string& cell) {
    const auto place = "cells/" + cell;
    const Descriptor mark{::open((place + "/made").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!mark.valid()) return refused("there is no such cell: " + cell);
    std::array<char, 65> image{};
    const auto size = ::read(mark.get(), image.data(), image.size() - 1);
    const std::string name{image.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
    if (name.empty() || name.contains('/') || name.starts_with('.'))
        return fail(Fault::refused, "this cell was made by an older version");
    Places places;
    struct statx info{};
    if (::statx(mark.get(), "", AT_EMPTY_PATH, STATX_BTIME, &info) != 0 ||
        (info.stx_mask & STATX_BTIME) == 0)
        return fail(Fault::refused,
                    "the file system of the state directory keeps no time of birth");
    places.made = info.stx_btime;
    places.upper = Descriptor{
        ::open((place + "/upper").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};
    if (!places.upper.valid()) return refused(place);
    const auto root = fmt::format("images/{}/rootfs", name);
    places.base = Descriptor{::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!places.base.valid()) return refused("image " + name);
    return places;
}

class Walk {
  public:
    explicit Walk(const Places& places) : places_{places} {}

    Result<Changes> run() {
        TRY(auto top, reopened(places_.upper.get()));
        if (auto done = directory(std::move(top), "", 0); !done)
            return std::unexpected{done.error()};
        std::ranges::sort(found_, {}, &Change::path);
        return Changes{std::move(found_), whole_};
    }

  private:
    static Result<Descriptor> reopened(int directory) {
        Descriptor again{::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        if (!again.valid()) return refused("directory");
        return again;
    }

    Result<void> directory(Descriptor opened, const std::string& path, int depth) {
        if (depth > depth_max) {
            whole_ = false;
            return {};
        }
        const int descriptor = opened.get();
        const std::unique_ptr<DIR, int (*)(DIR*)> entries{::fdopendir(opened.release()),
                                                          &::closedir};
        if (!entries) return refused(path);
        while (const auto* entry = ::readdir(entries.get())) { // NOLINT(concurrency-mt-unsafe)
            const std::string name{entry->d_name};
            if (name == "." || name == "..") continue;
            auto below = path + '/';
            below += name;
            if (auto done = look(descriptor, name, below, depth); !done) return done;
        }
        return {};
    }

    Result<void> look(int parent, const std::string& name, const std::string& path, int depth) {
        struct stat info{};
        if (::fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return {}; // gone
        const bool whiteout = S_ISCHR(info.st_mode) && info.st_rdev == 0;
        struct stat old{};
        const bool known = base_status(path, old);
        const bool directory_stays = known && S_ISDIR(info.st_mode) && S_ISDIR(old.st_mode) &&
                                     info.st_mode == old.st_mode && info.st_uid == old.st_uid &&
                                     info.st_gid == old.st_gid;
        if (!directory_stays && !earlier(info.st_ctim, places_.made)) {
            const auto kind = whiteout ? Change::Kind::deleted
                              : known  ? Change::Kind::modified
                                       : Change::Kind::added;
            TRY(auto* change, add(kind, path));
            if (!whiteout) describe(*change, info, parent, name);
        }
        if (!S_ISDIR(info.st_mode)) return {};
        auto below = open_below(parent, name, O_RDONLY | O_DIRECTORY);
        if (!below.valid()) return {};
        if (known && S_ISDIR(old.st_mode) && is_opaque(below.get()))
            if (auto done = hidden(below.get(), path); !done) return done;
        return directory(std::move(below), path, depth + 1);
    }

    Result<Change*> add(Change::Kind kind, const std::string& path) {
        if (found_.size() >= changes_max) return fail(Fault::over_limit, "too many changes");
        auto& change = found_.emplace_back();
        change.path = path;
        change.kind = kind;
        return &change;
    }

    /// Made anew where the image has one: the overlay shows nothing of the image's.
    static bool is_opaque(int directory) {
        char mark = 0;
        return ::fgetxattr(directory, "user.overlay.opaque", &mark, 1) == 1 && mark == 'y';
    }

    /// What an opaque directory covers and does not have itself.
    Result<void> hidden(int upper, const std::string& path) {
        auto base = open_below(places_.base.get(), path.substr(1), O_RDONLY | O_DIRECTORY);
        if (!base.valid()) return {};
        const std::unique_ptr<DIR, int (*)(DIR*)> entries{::fdopendir(base.release()), &::closedir};
        while (const auto* entry =
                   entries ? ::readdir(entries.get()) : nullptr) { // NOLINT(concurrency-mt-unsafe)
            const std::string name{entry->d_name};
            struct stat info{};
            if (name == "." || name == ".." ||
                ::fstatat(upper, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0)
                continue;
            auto below = path + '/';
            below += name;
            TRY([[maybe_unused]] auto* change, add(Change::Kind::deleted, below));
        }
        return {};
    }

    bool base_status(const std::string& path, struct stat& info) const {
        const auto file = open_below(places_.base.get(), path.substr(1), O_PATH);
        return file.valid() && ::fstat(file.get(), &info) == 0;
    }

    static void
    describe(Change& change, const struct stat& info, int parent, const std::string& name) {
        change.mode = info.st_mode;
        change.uid = info.st_uid - process::cell_id_first;
        change.gid = info.st_gid - process::cell_id_first;
        change.size = S_ISREG(info.st_mode) ? info.st_size : 0;
        change.mtime = info.st_mtim.tv_sec;
        if (S_ISLNK(info.st_mode)) change.link = link_target(parent, name.c_str());
    }

    const Places& places_;
    std::vector<Change> found_;
    bool whole_ = true;
};

/// What the file holds now, as far as it was there when it was looked at.
Result<void> write_content(TarWriter& tar, int upper, const Change& change) {
    const auto file = open_below(upper, change.path.substr(1), O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!file.valid()) return {};
    std::string block(block_bytes, '\0');
    for (std::int64_t left = change.size; left > 0;) {
        const auto most = std::min<std::int64_t>(left, static_cast<std::int64_t>(block.size()));
        const auto size = ::read(file.get(), block.data(), static_cast<std::size_t>(most));
        if (size <= 0) break;
        if (auto done = tar.content({block.data(), static_cast<std::size_t>(size)}); !done)
            return done;
        left -= size;
    }
    return {};
}

TarEntry entry_of(const Change& change) {
    TarEntry entry{.path = change.path.substr(1),
                   .mode = change.mode,
                   .uid = change.uid,
                   .gid = change.gid,
                   .size = change.size,
                   .mtime = change.mtime,
                   .link = change.link};
    if (change.kind == Change::Kind::deleted) {
        entry.path.insert(entry.path.rfind('/') + 1, ".wh.");
        entry.mode = S_IFREG | 0600U;
    }
    return entry;
}

Result<void> write_all(int output, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto size = ::write(output, bytes.data(), bytes.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return refused("the tar file");
        bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return {};
}

} // namespace

Result<Changes> changes_of(const std::string& cell) {
    TRY(const auto places, open_places(cell));
    return Walk{places}.run();
}

Result<void>
export_changes(const std::string& cell, const std::vector<Change>& changes, int output) {
    TRY(const auto places, open_places(cell));
    TarWriter tar{[output](std::string_view bytes) { return write_all(output, bytes); }};
    std::int64_t total = 0;
    for (const auto& change : changes) {
        if (S_ISSOCK(change.mode)) continue; // tar has no sockets
        total += change.size;
        if (total > export_bytes_max)
            return fail(Fault::over_limit, "there are more than 8 GiB of files");
        if (auto done = tar.add(entry_of(change)); !done) return done;
        if (change.size == 0) continue;
        if (auto done = write_content(tar, places.upper.get(), change); !done) return done;
    }
    return tar.finish();
}

} // namespace skep::cell
