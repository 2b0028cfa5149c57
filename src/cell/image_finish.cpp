#include "cell/image_finish.hpp"

#include "base/crypto/sha256.hpp"
#include "cell/manifest.hpp"
#include "process/descriptor.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <ranges>
#include <set>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace skep::cell {
namespace {

using process::Descriptor;

constexpr std::int64_t day_seconds = 86400;
constexpr std::int64_t age_days_min = 140; // how long ago the machine seems to have been installed
constexpr std::int64_t age_days_spread = 60;

std::string why(std::string_view what) {
    return fmt::format("{}: {}", what, std::strerror(errno)); // NOLINT(concurrency-mt-unsafe)
}

Result<void> write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(file, text.data(), text.size());
        if (count < 0) return fail(Fault::refused, why("writing"));
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Result<std::string> read_all(int file) {
    std::string text;
    std::array<char, 65536> part{};
    off_t at = 0;
    for (ssize_t count = 0; (count = ::pread(file, part.data(), part.size(), at)) > 0; at += count)
        text.append(part.data(), static_cast<std::size_t>(count));
    return text;
}

/// Path without its leading slash, for the -at calls.
std::string relative(const std::string& path) {
    return path.substr(1);
}

/// Where a path leads inside `root` if its directories are links, as /sbin of a merged /usr.
std::string real_place(int root, const std::string& path) {
    const auto slash = path.find_last_of('/');
    std::string directory = path.substr(0, slash);
    std::array<char, 256> target{};
    const auto size = directory.empty() ? -1
                                        : ::readlinkat(root, relative(directory).c_str(),
                                                       target.data(), target.size());
    if (size > 0) {
        const std::string link{target.data(), static_cast<std::size_t>(size)};
        directory = link.starts_with('/') ? link : '/' + link;
    }
    return directory + path.substr(slash);
}

Result<void> install_init(int root, int program, const std::string& path) {
    const auto place = relative(real_place(root, path));
    ::unlinkat(root, place.c_str(), 0);
    const Descriptor out{
        ::openat(root, place.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0755)};
    struct stat info{};
    if (!out.valid() || ::fstat(program, &info) != 0) return fail(Fault::refused, why(path));
    off_t at = 0;
    while (at < info.st_size)
        if (::sendfile(out.get(), program, &at, static_cast<std::size_t>(info.st_size - at)) <= 0)
            return fail(Fault::refused, why(path));
    if (::fchmod(out.get(), 0755) != 0) return fail(Fault::refused, why(path));
    return {};
}

/// A number below `below` that depends on the path only.
std::int64_t draw(const std::string& seed, std::int64_t below) {
    const auto digest = crypto::sha256(seed);
    std::uint64_t value = 0;
    std::memcpy(&value, digest.data(), sizeof value);
    return static_cast<std::int64_t>(value % static_cast<std::uint64_t>(below));
}

/// Files of one installation step have close times: the same for a directory, seconds apart inside.
std::int64_t made_up_time(const std::string& path, const ImageHead& head) {
    const auto built = head.built / 1000000;
    const auto installed =
        built - (age_days_min + draw(head.recipe, age_days_spread)) * day_seconds;
    const auto slash = path.find('/', 1);
    const auto area =
        path.substr(0, path.find('/', slash == std::string::npos ? slash : slash + 1));
    std::int64_t when = installed + draw(area, 900) + draw(path, 240);
    const bool grows =
        path.starts_with("/var/") || path.starts_with("/root") || path.starts_with("/tmp");
    if (grows) when += draw(path + '+', (age_days_min - 20) * day_seconds);
    return when;
}

Result<void> spread_times(int root, const Manifest& files, const ImageHead& head) {
    const auto recent = head.built / 1000000 - 2 * day_seconds;
    // Reverse order: a directory comes after everything in it.
    for (const auto& path : files | std::views::keys | std::views::reverse) {
        struct stat info{};
        if (::fstatat(root, relative(path).c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (info.st_mtim.tv_sec < recent) continue;
        const auto when = made_up_time(path, head);
        const std::array<timespec, 2> times{timespec{when, draw(path, 999999999)},
                                            timespec{when, draw(path, 999999999)}};
        if (::utimensat(root, relative(path).c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0)
            return fail(Fault::refused, why(path));
    }
    const auto when = made_up_time("/", head);
    const std::array<timespec, 2> times{timespec{when, 0}, timespec{when, 0}};
    ::futimens(root, times.data());
    return {};
}

std::string installed_packages(std::string_view status) {
    std::string list;
    std::string name;
    std::string version;
    bool is_installed = false;
    const auto take = [&] {
        if (is_installed) list += fmt::format("{} {}\n", name, version);
        is_installed = false;
    };
    for (const auto part : status | std::views::split('\n')) {
        const std::string_view line{part.begin(), part.end()};
        if (line.empty()) take();
        if (line.starts_with("Package: ")) name = line.substr(9);
        if (line.starts_with("Version: ")) version = line.substr(9);
        if (line.starts_with("Status: ")) is_installed = line.ends_with(" installed");
    }
    take();
    return list;
}

} // namespace

Result<void> unpack_archive(int archive, int root) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (::fchdir(root) != 0 || ::lseek(archive, 0, SEEK_SET) != 0) ::_exit(127);
        ::dup2(archive, 0);
        ::umask(0);
        ::execlp("tar", "tar", "--extract", "--file=-", "--numeric-owner", "--same-owner",
                 "--preserve-permissions", "--xattrs", "--xattrs-include=security.capability",
                 "--exclude=./dev/*", "--exclude=./proc/*", "--exclude=./sys/*",
                 static_cast<char*>(nullptr));
        ::_exit(127);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail(Fault::refused, "tar could not unpack the archive");
    return {};
}

Result<void> finish_root(int root, int init_program, const ImageHead& head) {
    for (const char* place : {"proc", "sys", "dev", "run", "tmp"})
        ::mkdirat(root, place, 0755);
    if (auto installed = install_init(root, init_program, head.init); !installed) return installed;
    TRY(const auto files, scan_tree(root));
    return spread_times(root, files, head);
}

Result<void>
write_manifest(int root, const ImageHead& head, int manifest, int programs, int packages) {
    TRY(const auto files, scan_tree(root));
    std::uint64_t bytes = 0;
    for (const auto& entry : files | std::views::values)
        bytes += entry.size;
    boost::json::object top{
        {"name", head.name}, {"recipe", head.recipe},       {"built", iso8601(head.built)},
        {"init", head.init}, {"files_count", files.size()}, {"bytes", bytes}};
    auto text = boost::json::serialize(top);
    text.back() = ',';
    text += "\"files\":[\n";
    std::string list;
    bool first = true;
    for (const auto& [path, entry] : files) {
        if (!first) text += ",\n";
        first = false;
        text += to_line(path, entry);
        if (entry.elf) list += fmt::format("{} {} {}\n", entry.content, entry.size, path);
    }
    text += "\n]}\n";
    if (auto written = write_all(manifest, text); !written) return written;
    if (auto written = write_all(programs, list); !written) return written;
    const Descriptor status{
        ::openat(root, "var/lib/dpkg/status", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!status.valid()) return {};
    TRY(const auto text_of_dpkg, read_all(status.get()));
    return write_all(packages, installed_packages(text_of_dpkg));
}

Result<void> compare_with_manifest(int root, int manifest, int report) {
    TRY(const auto text, read_all(manifest));
    TRY(const auto files, scan_tree(root));
    std::set<std::string> known;
    for (const auto part : text | std::views::split('\n')) {
        std::string_view line{part.begin(), part.end()};
        if (!line.starts_with("{\"path\"")) continue;
        if (line.ends_with(',')) line.remove_suffix(1);
        TRY(auto entry, from_line(line));
        known.insert(entry.first);
        const auto found = files.find(entry.first);
        std::string difference;
        if (found == files.end()) {
            difference = "missing";
        } else {
            auto actual = found->second;
            actual.elf = false;
            if (to_line(entry.first, actual) != to_line(entry.first, entry.second))
                difference = "changed";
        }
        if (!difference.empty())
            if (auto written = write_all(report, fmt::format("{}: {}\n", entry.first, difference));
                !written)
                return written;
    }
    for (const auto& path : files | std::views::keys)
        if (!known.contains(path))
            if (auto written = write_all(report, fmt::format("{}: not in the manifest\n", path));
                !written)
                return written;
    return {};
}

} // namespace skep::cell
