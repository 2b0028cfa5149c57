#include "cell/process_listing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <unistd.h>

namespace skep::cell {
namespace {

using process::Descriptor;
using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

constexpr const char* place = "proc";

constexpr std::array directories{"attr", "fd", "fdinfo", "map_files", "net", "ns", "task"};
constexpr std::array links{"cwd", "exe", "root"};
constexpr std::array files{"arch_status",
                           "autogroup",
                           "auxv",
                           "cgroup",
                           "clear_refs",
                           "cmdline",
                           "comm",
                           "coredump_filter",
                           "cpu_resctrl_groups",
                           "cpuset",
                           "environ",
                           "gid_map",
                           "io",
                           "limits",
                           "loginuid",
                           "maps",
                           "mem",
                           "mountinfo",
                           "mounts",
                           "mountstats",
                           "numa_maps",
                           "oom_adj",
                           "oom_score",
                           "oom_score_adj",
                           "pagemap",
                           "patch_state",
                           "personality",
                           "projid_map",
                           "sched",
                           "schedstat",
                           "sessionid",
                           "setgroups",
                           "smaps",
                           "smaps_rollup",
                           "stack",
                           "stat",
                           "statm",
                           "status",
                           "syscall",
                           "timens_offsets",
                           "timers",
                           "timerslack_ns",
                           "uid_map",
                           "wchan"};

Directory read_directory(int base, const char* path) {
    const int file = ::openat(base, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    Directory opened{file < 0 ? nullptr : ::fdopendir(file), ::closedir};
    if (!opened && file >= 0) ::close(file);
    return opened;
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_dots(std::string_view name) {
    return name == "." || name == "..";
}

/// A directory of ours and what lies in it: at most a few levels.
void remove_all(int base, const std::string& path, int depth = 0) {
    if (::unlinkat(base, path.c_str(), AT_REMOVEDIR) == 0 || depth > 4) return;
    if (::unlinkat(base, path.c_str(), 0) == 0) return;
    if (const auto entries = read_directory(base, path.c_str()))
        while (const dirent* entry = ::readdir(entries.get()))
            if (!is_dots(entry->d_name)) remove_all(base, path + '/' + entry->d_name, depth + 1);
    ::unlinkat(base, path.c_str(), AT_REMOVEDIR);
}

bool lists_newest_first(int inject) {
    ::mkdirat(inject, "order", 0755);
    ::mkdirat(inject, "order/a", 0755);
    ::mkdirat(inject, "order/b", 0755);
    bool newest_first = false;
    if (const auto entries = read_directory(inject, "order"))
        while (const dirent* entry = ::readdir(entries.get()))
            if (!is_dots(entry->d_name)) {
                newest_first = entry->d_name[0] == 'b';
                break;
            }
    remove_all(inject, "order");
    return newest_first;
}

void make_entry(int base, const std::string& path, unsigned char type) {
    if (type == DT_DIR)
        ::mkdirat(base, path.c_str(), 0555);
    else if (type == DT_LNK)
        static_cast<void>(::symlinkat("/", base, path.c_str()));
    else
        ::mknodat(base, path.c_str(), S_IFREG | 0444, 0);
}

bool is_in(const auto& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

} // namespace

ProcessListing::ProcessListing(int inject, int root) : inject_{inject}, root_{root} {}

Descriptor ProcessListing::open(const ProcessTable& table) {
    std::vector<pid_t> numbers = table.made_up();
    std::vector<std::pair<std::string, unsigned char>> others;
    {
        const auto real = read_directory(root_, place);
        if (!real) return {};
        while (const dirent* entry = ::readdir(real.get())) {
            pid_t pid = 0;
            const std::string_view name{entry->d_name};
            if (is_number(name) &&
                std::from_chars(name.data(), name.data() + name.size(), pid).ec == std::errc{})
                numbers.push_back(pid);
            else if (!is_dots(name))
                others.emplace_back(name, entry->d_type);
        }
    }
    ::mkdirat(inject_, place, 0555);
    if (listed_.empty()) {
        newest_first_ = lists_newest_first(inject_);
        for (const auto& [name, type] : others)
            make_entry(inject_, fmt::format("{}/{}", place, name), type);
    }
    std::ranges::sort(numbers);
    std::vector<std::string> wanted;
    wanted.reserve(numbers.size());
    for (const auto number : numbers)
        wanted.push_back(std::to_string(number));
    if (wanted != listed_) rebuild(wanted);
    return Descriptor{::openat(inject_, place, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};
}

void ProcessListing::rebuild(const std::vector<std::string>& wanted) {
    const auto path_of = [](const std::string& name) { return fmt::format("{}/{}", place, name); };
    // What stays in place and before what is new need not be made again.
    std::size_t kept = 0;
    while (!newest_first_ && kept < wanted.size() && kept < listed_.size() &&
           wanted[kept] == listed_[kept])
        ++kept;
    if (const auto entries = read_directory(inject_, place)) {
        std::vector<std::string> stale;
        while (const dirent* entry = ::readdir(entries.get()))
            if (is_number(entry->d_name) &&
                std::find(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(kept),
                          entry->d_name) == wanted.begin() + static_cast<std::ptrdiff_t>(kept))
                stale.emplace_back(entry->d_name);
        for (const auto& name : stale)
            remove_all(inject_, path_of(name));
    }
    if (newest_first_)
        for (auto name = wanted.rbegin(); name != wanted.rend(); ++name)
            ::mkdirat(inject_, path_of(*name).c_str(), 0555);
    else
        for (std::size_t i = kept; i < wanted.size(); ++i)
            ::mkdirat(inject_, path_of(wanted[i]).c_str(), 0555);
    listed_ = wanted;
}

Descriptor
ProcessListing::open_directory(const MachineProcess& process, const ProcessPlace& at, Fill fill) {
    if (!at.key.empty() && !is_in(directories, at.key)) return {};
    auto directory = fmt::format("{}/{}", place, process.pid);
    ::mkdirat(inject_, place, 0555);
    ::mkdirat(inject_, directory.c_str(), 0555);
    if (at.in_task) {
        ::mkdirat(inject_, (directory + "/task").c_str(), 0555);
        directory += fmt::format("/task/{}", process.pid);
        ::mkdirat(inject_, directory.c_str(), 0555);
    }
    if (!at.key.empty()) {
        directory += '/' + at.key;
        ::mkdirat(inject_, directory.c_str(), 0555);
    } else if (fill == Fill::yes) {
        for (const auto* const name : directories)
            make_entry(inject_, fmt::format("{}/{}", directory, name), DT_DIR);
        for (const auto* const name : links)
            make_entry(inject_, fmt::format("{}/{}", directory, name), DT_LNK);
        for (const auto* const name : files)
            make_entry(inject_, fmt::format("{}/{}", directory, name), DT_REG);
    }
    if (at.key == "task")
        ::mkdirat(inject_, fmt::format("{}/{}", directory, process.pid).c_str(), 0555);
    if (fill == Fill::yes && (at.key == "fd" || at.key == "fdinfo"))
        for (std::size_t i = 0; i < process.files.size(); ++i)
            make_entry(inject_, fmt::format("{}/{}", directory, i),
                       at.key == "fd" ? DT_LNK : DT_REG);
    return Descriptor{
        ::openat(inject_, directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};
}

bool ProcessListing::status(struct stat& info) const {
    return !listed_.empty() && ::fstatat(inject_, place, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

bool ProcessListing::status_of(const MachineProcess& process,
                               const ProcessPlace& at,
                               struct stat& info) {
    const auto& key = at.key;
    const bool link = is_in(links, key) || key.starts_with("fd/");
    const bool directory = key.empty() || is_in(directories, key);
    if (link && link_target(process, key).empty()) return false;
    if (!link && !directory && !is_in(files, key)) return false;
    info = {};
    if (directory) {
        // With the numbers that a reader's fstat will show.
        const auto made = open_directory(process, at, Fill::no);
        if (!made.valid() || ::fstat(made.get(), &info) != 0) return false;
        const bool open = key.empty() || key == "net" || key == "task";
        info.st_mode = S_IFDIR | (open ? 0555U : 0500U);
    } else {
        const bool closed = key == "environ" || key == "io" || key == "mem";
        info.st_mode = link ? S_IFLNK | 0777U : S_IFREG | (closed ? 0400U : 0444U);
        info.st_nlink = 1;
        info.st_blksize = 1024;
        info.st_ino = static_cast<ino_t>(process.pid) * 64 + key.size();
        ::clock_gettime(CLOCK_REALTIME, &info.st_mtim);
        info.st_atim = info.st_ctim = info.st_mtim;
    }
    info.st_size = 0;
    info.st_uid = static_cast<uid_t>(process.uid);
    info.st_gid = static_cast<gid_t>(process.uid);
    return true;
}

std::optional<ProcessPlace> process_place(std::string_view path) {
    constexpr std::string_view proc = "/proc/";
    if (!path.starts_with(proc)) return std::nullopt;
    path.remove_prefix(proc.size());
    const auto take = [&] {
        const auto part = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(part.size() + 1, path.size()));
        return part;
    };
    ProcessPlace at;
    const auto number = take();
    if (!is_number(number) || number.starts_with('0') ||
        std::from_chars(number.data(), number.data() + number.size(), at.pid).ec != std::errc{})
        return std::nullopt;
    at.in_task = path.starts_with("task/");
    if (at.in_task) {
        take();
        if (take() != number) return std::nullopt;
    }
    while (path.ends_with('/'))
        path.remove_suffix(1);
    at.key = path;
    return at;
}

std::string link_target(const MachineProcess& process, std::string_view key) {
    if (key == "exe") return process.program;
    if (key == "cwd" || key == "root") return "/";
    if (!key.starts_with("fd/") || !is_number(key.substr(3)) || key.size() > 8) return {};
    const auto number = static_cast<std::size_t>(std::stoul(std::string{key.substr(3)}));
    return number < process.files.size() ? process.files[number] : std::string{};
}

} // namespace skep::cell
