#include "cell/proc_answer.hpp"

#include "cell/answers_processes.hpp"
#include "cell/fabricate.hpp"
#include "cell/tracee.hpp"
#include "process/descriptor.hpp"
#include "process/user_namespace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fts.h>
#include <linux/magic.h>
#include <memory>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace skep::cell {
namespace {

using process::Descriptor;

constexpr std::size_t proc_bytes_max = 65536;
constexpr std::int64_t entries_max = 200000;
constexpr std::int64_t block_bytes = 4096;

/// Keys whose content changes from second to second, so that a reader that keeps the file open sees
/// it move.
constexpr std::array live{"stat", "uptime", "loadavg", "meminfo", "interrupts", "diskstats"};

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Makes the directories of `path` below `root` and the file itself.
Descriptor open_scratch(int root, const std::string& path, int flags) {
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
        ::mkdirat(root, path.substr(0, slash).c_str(), 0755);
    return Descriptor{::openat(root, path.c_str(), flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)};
}

bool write_content(int root, const std::string& path, std::string_view content) {
    const auto file = open_scratch(root, path, O_WRONLY);
    if (!file.valid()) return false;
    if (::pwrite(file.get(), content.data(), content.size(), 0) !=
        static_cast<ssize_t>(content.size()))
        return false;
    return ::ftruncate(file.get(), static_cast<off_t>(content.size())) == 0;
}

/// A descriptor whose name, as /proc/self/fd shows it, is `path`.
Answer give(CellState& state,
            const std::string& path,
            std::string_view content,
            std::uint64_t flags,
            bool keep) {
    const auto name = path.substr(1);
    if (!write_content(state.inject, name, content)) return Answer::error(EACCES);
    Answer answer;
    answer.kind = Answer::Kind::descriptor;
    answer.close_on_exec = (flags & O_CLOEXEC) != 0;
    answer.descriptor = Descriptor{::openat(state.inject, name.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!keep) ::unlinkat(state.inject, name.c_str(), 0);
    return answer.descriptor.valid() ? std::move(answer) : Answer::error(EACCES);
}

std::string read_proc(const CellState& state, const std::string& path) {
    const Descriptor file{::openat(state.view.root(), path.c_str() + 1, O_RDONLY | O_CLOEXEC)};
    std::string text(proc_bytes_max, '\0');
    std::size_t used = 0;
    for (ssize_t count = 0;
         file.valid() && used < text.size() &&
         (count = ::read(file.get(), text.data() + used, text.size() - used)) > 0;)
        used += static_cast<std::size_t>(count);
    text.resize(used);
    return text;
}

/// Ids as the cell counts them; the supervisor reads them with its own numbers.
std::string shifted_ids(std::string_view line) {
    std::string out;
    for (std::size_t i = 0; i < line.size();) {
        if (line[i] < '0' || line[i] > '9') {
            out += line[i++];
            continue;
        }
        std::uint64_t id = 0;
        const auto [end, error] = std::from_chars(line.data() + i, line.data() + line.size(), id);
        i = static_cast<std::size_t>(end - line.data());
        out += std::to_string(error == std::errc{} && id >= process::cell_id_first
                                  ? id - process::cell_id_first
                                  : id);
    }
    return out;
}

std::string status_text(const persona::Persona& persona, const std::string& real) {
    const auto cpus = persona.cpus;
    std::string out;
    std::string_view rest{real};
    while (!rest.empty()) {
        const auto end = std::min(rest.find('\n'), rest.size());
        const auto line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.starts_with("Uid:") || line.starts_with("Gid:") || line.starts_with("Groups:"))
            out += shifted_ids(line);
        else if (line.starts_with("Seccomp:"))
            out += "Seccomp:\t0";
        else if (line.starts_with("Seccomp_filters:"))
            out += "Seccomp_filters:\t0";
        else if (line.starts_with("Cpus_allowed:"))
            out += fmt::format("Cpus_allowed:\t{:x}",
                               cpus >= 63 ? ~std::uint64_t{0}
                                          : (std::uint64_t{1} << static_cast<unsigned>(cpus)) - 1);
        else if (line.starts_with("Cpus_allowed_list:"))
            out += cpus > 1 ? fmt::format("Cpus_allowed_list:\t0-{}", cpus - 1)
                            : "Cpus_allowed_list:\t0";
        else if (line.starts_with("Mems_allowed:"))
            out += "Mems_allowed:\t00000000,00000001";
        else if (line.starts_with("SigQ:"))
            out += fmt::format("SigQ:\t0/{}", persona.memory_kib / 260);
        else if (line.starts_with("Kthread:") || line.starts_with("untag_mask:"))
            continue; // newer than any persona's kernel
        else
            out += line;
        out += '\n';
    }
    return out;
}

/// A change of a kernel setting or of a process's file: root may make it, it is remembered, and it
/// changes nothing.
Answer
open_setting(CellState& state, const Request& request, const Place& place, std::uint64_t flags) {
    if (!place.exists()) return Answer::error(ENOENT);
    if (!place.regular()) return {};
    const auto key = proc_key(place.path);
    if (key == "PID/mem" || key == "PID/uid_map" || key == "PID/gid_map")
        return Answer::error(EACCES);
    const bool own = key == "PID/oom_score_adj" || key == "PID/oom_adj" || key == "PID/comm" ||
                     key == "PID/coredump_filter";
    if (!own && (task_status(request.pid).uid != 0 || (place.info.st_mode & 0222U) == 0))
        return Answer::error(EACCES);
    auto file =
        open_scratch(state.inject, place.path.substr(1), static_cast<int>(flags & O_ACCMODE));
    if (!file.valid()) return Answer::error(EACCES);
    state.settings.insert(place.path);
    Answer answer;
    answer.kind = Answer::Kind::descriptor;
    answer.close_on_exec = (flags & O_CLOEXEC) != 0;
    answer.descriptor = std::move(file);
    return answer;
}

void set_size(struct statfs& info, std::int64_t total_kib, std::int64_t used_kib) {
    info.f_bsize = block_bytes;
    info.f_frsize = block_bytes;
    info.f_blocks = static_cast<fsblkcnt_t>(total_kib / 4);
    info.f_bfree = static_cast<fsblkcnt_t>(std::max<std::int64_t>(total_kib - used_kib, 0) / 4);
    info.f_bavail = info.f_bfree;
}

} // namespace

Answer give_content(CellState& state,
                    const std::string& path,
                    std::string_view content,
                    std::uint64_t flags) {
    return give(state, path, content, flags, false);
}

std::string proc_key(std::string_view path) {
    if (!path.starts_with("/proc/")) return {};
    path.remove_prefix(6);
    const auto slash = path.find('/');
    if (slash == std::string_view::npos || !is_number(path.substr(0, slash)))
        return std::string{path};
    auto rest = path.substr(slash);
    if (rest.starts_with("/task/")) {
        const auto next = rest.find('/', 6);
        if (next == std::string_view::npos) return std::string{path};
        rest.remove_prefix(next);
    }
    return "PID" + std::string{rest};
}

Answer
answer_proc(CellState& state, const Request& request, const Place& place, std::uint64_t flags) {
    if (auto answer = open_process(state, request, place, flags)) return std::move(*answer);
    const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0;
    if (writes) return open_setting(state, request, place, flags);
    if ((place.exists() && !place.regular()) || (flags & O_DIRECTORY) != 0) return {};
    const auto key = proc_key(place.path);
    const bool of_process = key.starts_with("PID/");
    if (state.settings.contains(place.path)) {
        Answer answer;
        answer.kind = Answer::Kind::descriptor;
        answer.close_on_exec = (flags & O_CLOEXEC) != 0;
        answer.descriptor = open_scratch(state.inject, place.path.substr(1), O_RDONLY);
        if (answer.descriptor.valid()) return answer;
    }
    if (key == "PID/status")
        return give(state, place.path,
                    status_text(state.plan.persona, read_proc(state, place.path)), flags, false);
    if (key == "PID/net/tcp" || key == "PID/net/tcp6") {
        std::vector<Visit> visits;
        for (const auto& [session, visit] : state.peers)
            visits.push_back(visit);
        const bool six = key.ends_with('6');
        return give(state, place.path,
                    proc_net_tcp(state.plan.persona, visits, read_proc(state, place.path), six),
                    flags, false);
    }
    if (key == "PID/loginuid" && place.exists())
        return give(state, place.path, std::to_string(place.info.st_uid - process::cell_id_first),
                    flags, false);
    std::string content;
    if (key == "loadavg") {
        const auto real = read_proc(state, place.path);
        state.last_pid = std::atoll(real.c_str() + real.find_last_of(' ') + 1);
    }
    if (!fabricated_proc(state.plan.persona, state.machine(), key, content)) return {};
    if (std::ranges::find(live, key) != live.end()) state.live_files.insert(place.path);
    return give(state, place.path, content, flags, !of_process);
}

void refresh_live_files(CellState& state) {
    for (const auto& path : state.live_files) {
        std::string content;
        if (fabricated_proc(state.plan.persona, state.machine(), proc_key(path), content))
            write_content(state.inject, path.substr(1), content);
    }
}

TreeUsage tree_usage(const std::string& directory) {
    TreeUsage usage;
    std::string path = directory;
    std::array<char*, 2> paths{path.data(), nullptr};
    const std::unique_ptr<FTS, int (*)(FTS*)> walk{
        ::fts_open(paths.data(), FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, nullptr), ::fts_close};
    while (walk != nullptr && usage.files < entries_max) {
        const FTSENT* entry = ::fts_read(walk.get());
        if (entry == nullptr) break;
        if (entry->fts_info == FTS_DP || entry->fts_statp == nullptr) continue;
        usage.bytes += entry->fts_statp->st_blocks * 512;
        ++usage.files;
    }
    return usage;
}

void fabricate_statfs(const persona::Persona& persona,
                      std::string_view path,
                      std::int64_t used_bytes,
                      std::int64_t used_files,
                      struct statfs& info) {
    constexpr long ext4 = EXT4_SUPER_MAGIC;
    info.f_flags = 0;
    if (path.starts_with("/sys")) {
        info.f_type = SYSFS_MAGIC;
        info.f_blocks = info.f_bfree = info.f_bavail = 0;
        info.f_files = info.f_ffree = 0;
        return;
    }
    if (info.f_type == OVERLAYFS_SUPER_MAGIC) {
        info.f_type = persona.root_type == "squashfs" ? SQUASHFS_MAGIC
                      : persona.root_type == "xfs"    ? XFS_SUPER_MAGIC
                                                      : ext4;
        const auto used_kib = persona.disk_used_kib + used_bytes / 1024;
        set_size(info, persona.disk_kib, used_kib);
        // ext4 keeps a part for root.
        if (info.f_type == ext4) info.f_bavail -= std::min(info.f_bavail, info.f_blocks / 20);
        info.f_files = static_cast<fsfilcnt_t>(persona.disk_kib / 16);
        info.f_ffree =
            info.f_files - static_cast<fsfilcnt_t>(std::min<std::int64_t>(
                               persona.disk_used_kib / 40 + used_files, persona.disk_kib / 16));
        return;
    }
    if (info.f_type != TMPFS_MAGIC) return;
    const auto used = static_cast<std::int64_t>(info.f_blocks - info.f_bfree) * 4;
    if (path.starts_with("/dev/shm")) return set_size(info, persona.memory_kib / 2, used);
    if (path.starts_with("/dev")) return set_size(info, persona.memory_kib / 2 - 12000, 0);
    if (path.starts_with("/run/lock")) return set_size(info, 5120, 0);
    if (path.starts_with("/run")) return set_size(info, persona.memory_kib / 10, 480 + used);
}

} // namespace skep::cell
