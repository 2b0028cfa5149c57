#include "cell/manifest.hpp"

#include "base/bytes.hpp"
#include "base/crypto/sha256.hpp"
#include "process/descriptor.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace skep::cell {
namespace {

constexpr int depth_max = 64;
constexpr std::size_t block_bytes = 128 * 1024;

char type_of(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFDIR: return 'd';
    case S_IFLNK: return 'l';
    case S_IFIFO: return 'p';
    case S_IFSOCK: return 's';
    case S_IFREG: return '-';
    default: return '?';
    }
}

Result<void> read_content(int directory, const char* name, ManifestEntry& entry) {
    const process::Descriptor file{::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
    if (!file.valid())
        return fail(
            Fault::refused,
            fmt::format("{}: {}", name, std::strerror(errno))); // NOLINT(concurrency-mt-unsafe)
    std::string block(block_bytes, '\0');
    crypto::Sha256 digest;
    bool first = true;
    for (ssize_t count = 0; (count = ::read(file.get(), block.data(), block.size())) != 0;) {
        if (count < 0)
            return fail(
                Fault::refused,
                fmt::format("{}: {}", name, std::strerror(errno))); // NOLINT(concurrency-mt-unsafe)
        const std::string_view bytes{block.data(), static_cast<std::size_t>(count)};
        if (first)
            entry.elf = bytes.starts_with("\x7f"
                                          "ELF");
        first = false;
        digest.update(bytes);
    }
    entry.content = hex(digest.finish());
    return {};
}

Result<void> scan(int directory, const std::string& prefix, Manifest& found, int depth) {
    if (depth > depth_max) return fail(Fault::over_limit, "directories are too deep");
    const std::unique_ptr<DIR, int (*)(DIR*)> list{::fdopendir(directory), ::closedir};
    if (list == nullptr) return fail(Fault::refused, prefix);
    while (const dirent* item = ::readdir(list.get())) { // NOLINT(concurrency-mt-unsafe)
        const std::string_view name{item->d_name};
        if (name == "." || name == "..") continue;
        struct stat info{};
        if (::fstatat(::dirfd(list.get()), item->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
            return fail(Fault::refused, prefix + item->d_name);
        ManifestEntry entry{.type = type_of(info.st_mode),
                            .mode = info.st_mode & 07777U,
                            .uid = info.st_uid,
                            .gid = info.st_gid};
        const auto path = prefix + item->d_name;
        if (entry.type == '-') {
            entry.size = static_cast<std::uint64_t>(info.st_size);
            if (auto read = read_content(::dirfd(list.get()), item->d_name, entry); !read)
                return read;
        } else if (entry.type == 'l') {
            std::array<char, PATH_MAX> target{};
            const auto size =
                ::readlinkat(::dirfd(list.get()), item->d_name, target.data(), target.size());
            entry.content.assign(target.data(), static_cast<std::size_t>(size < 0 ? 0 : size));
        } else if (entry.type == 'd') {
            const int below = ::openat(::dirfd(list.get()), item->d_name,
                                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (below < 0) return fail(Fault::refused, path);
            if (auto read = scan(below, path + '/', found, depth + 1); !read) return read;
        }
        found.emplace(path, std::move(entry));
    }
    return {};
}

} // namespace

Result<Manifest> scan_tree(int root_fd) {
    Manifest found;
    const int copy = ::openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return fail(Fault::refused, "the image has no rootfs");
    if (auto done = scan(copy, "/", found, 0); !done) return std::unexpected{done.error()};
    return found;
}

std::string to_line(const std::string& path, const ManifestEntry& entry) {
    boost::json::object line;
    line["path"] = to_utf8(path);
    line["type"] = std::string(1, entry.type);
    line["mode"] = fmt::format("{:04o}", entry.mode);
    line["uid"] = entry.uid;
    line["gid"] = entry.gid;
    if (entry.type == '-') line["size"] = entry.size;
    if (entry.type == '-') line["sha256"] = entry.content;
    if (entry.type == 'l') line["target"] = to_utf8(entry.content);
    return boost::json::serialize(line);
}

Result<std::pair<std::string, ManifestEntry>> from_line(std::string_view line) {
    boost::system::error_code error;
    const auto value = boost::json::parse(line, error);
    if (error || !value.is_object()) return fail(Fault::malformed, "manifest line");
    const auto& object = value.as_object();
    const auto text = [&](const char* name) {
        const auto* found = object.if_contains(name);
        return found != nullptr && found->is_string() ? std::string{found->as_string()}
                                                      : std::string{};
    };
    const auto number = [&](const char* name) {
        const auto* found = object.if_contains(name);
        return found != nullptr && found->is_int64() ? static_cast<std::uint64_t>(found->as_int64())
                                                     : 0;
    };
    ManifestEntry entry;
    const auto type = text("type");
    entry.type = type.size() == 1 ? type[0] : '?';
    entry.mode = static_cast<unsigned>(std::strtoul(text("mode").c_str(), nullptr, 8));
    entry.uid = static_cast<unsigned>(number("uid"));
    entry.gid = static_cast<unsigned>(number("gid"));
    entry.size = number("size");
    entry.content = entry.type == 'l' ? text("target") : text("sha256");
    return std::pair{text("path"), std::move(entry)};
}

} // namespace skep::cell
