// Calls about processes that the kernel does not have, or has as something else.
#include "cell/answers_processes.hpp"

#include "cell/fabricate.hpp"
#include "cell/proc_answer.hpp"
#include "cell/tracee.hpp"
#include "process/user_namespace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace skep::cell {
namespace {

constexpr std::size_t path_bytes_max = 4096;

/// What the kernel shows to root and to the process's own user only.
constexpr std::array guarded{"environ",      "io",        "mem",   "maps",    "smaps",
                             "smaps_rollup", "exe",       "cwd",   "root",    "fd",
                             "fdinfo",       "map_files", "stack", "syscall", "pagemap"};

bool may_look(const Request& request, const MachineProcess& process, std::string_view key) {
    const auto name = key.substr(0, key.find('/'));
    if (std::ranges::find(guarded, name) == guarded.end()) return true;
    const auto uid = task_status(request.pid).uid;
    return uid == 0 || uid == process.uid;
}

Answer give_descriptor(process::Descriptor descriptor, std::uint64_t flags, int otherwise) {
    if (!descriptor.valid()) return Answer::error(otherwise);
    Answer answer;
    answer.kind = Answer::Kind::descriptor;
    answer.close_on_exec = (flags & O_CLOEXEC) != 0;
    answer.descriptor = std::move(descriptor);
    return answer;
}

/// A number of the listing that has a process of the cell: relative to the listing the kernel finds
/// only an empty directory.
std::optional<Answer> open_listed(CellState& state, const Place& place, std::uint64_t flags) {
    const auto at = process_place(place.path);
    if (!at || !at->key.empty() || at->in_task || !S_ISDIR(place.info.st_mode)) return std::nullopt;
    process::Descriptor directory{::openat(state.view.root(), place.path.c_str() + 1,
                                           O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};
    return give_descriptor(std::move(directory), flags, ENOENT);
}

} // namespace

std::optional<Answer>
open_process(CellState& state, const Request& request, const Place& place, std::uint64_t flags) {
    const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0;
    if (place.path == "/proc" && !writes) {
        auto listing = state.listing.open(state.processes);
        if (!listing.valid()) return std::nullopt;
        return give_descriptor(std::move(listing), flags, ENOENT);
    }
    const auto at = process_place(place.path);
    const auto* const process = at ? state.processes.find(at->pid) : nullptr;
    if (process == nullptr)
        return place.exists() && !writes ? open_listed(state, place, flags) : std::nullopt;
    const bool made_up = state.processes.is_made_up(at->pid);
    if (writes) return made_up ? std::optional{Answer::error(EACCES)} : std::nullopt;
    if (!may_look(request, *process, at->key)) return Answer::error(EACCES);
    const bool shows_files = at->key == "fd" || at->key == "fdinfo";
    if (made_up || shows_files)
        if (auto directory = state.listing.open_directory(*process, *at); directory.valid())
            return give_descriptor(std::move(directory), flags, ENOENT);
    if ((flags & O_DIRECTORY) != 0 && made_up) return Answer::error(ENOENT);
    if (at->key.empty()) return open_listed(state, place, flags);
    if (at->key == "exe" && (made_up || state.processes.is_server(at->pid))) {
        const auto program = state.view.find({}, process->program);
        return give_descriptor(CellView::open_for_reading(program), flags, ENOENT);
    }
    std::string content;
    const auto& persona = state.plan.persona;
    if (process_file(*process, persona, state.machine().now, at->key, content))
        return give_content(state, place.path, content, flags);
    if (!made_up) return std::nullopt;
    struct stat info{};
    if (!state.listing.status_of(*process, *at, info)) return Answer::error(ENOENT);
    fabricated_proc(persona, state.machine(), "PID/" + at->key, content);
    return give_content(state, place.path, content, flags);
}

std::optional<struct stat> process_status(CellState& state, const Place& place) {
    if (place.path == "/proc") {
        struct stat listing{};
        if (!place.exists() || !state.listing.status(listing)) return std::nullopt;
        // A walker compares this with what it has opened.
        auto info = place.info;
        info.st_dev = listing.st_dev;
        info.st_ino = listing.st_ino;
        info.st_uid = info.st_gid = 0;
        return info;
    }
    const auto at = process_place(place.path);
    if (!at) return std::nullopt;
    const auto* const process = state.processes.find(at->pid);
    if (process != nullptr && state.processes.is_made_up(at->pid)) {
        struct stat info{};
        if (!state.listing.status_of(*process, *at, info)) return std::nullopt;
        return info;
    }
    if (!place.exists() || !at->key.empty() || at->in_task) return std::nullopt;
    auto info = place.info;
    const auto shift = [](unsigned id) {
        return id >= process::cell_id_first ? id - static_cast<unsigned>(process::cell_id_first)
                                            : 0;
    };
    info.st_uid = process != nullptr ? static_cast<uid_t>(process->uid) : shift(info.st_uid);
    info.st_gid = process != nullptr ? static_cast<gid_t>(process->uid) : shift(info.st_gid);
    return info;
}

Answer answer_readlink(CellState& state, const Request& request) {
    const bool at_call = request.call == SYS_readlinkat;
    const auto path = read_text(request.pid, request.args[at_call ? 1 : 0], path_bytes_max);
    if (!path || path->empty() || (path->starts_with('/') && !path->starts_with("/proc/")))
        return {};
    const auto absolute = state.view.absolute(
        {request.pid}, at_call ? static_cast<int>(request.args[0]) : AT_FDCWD, *path);
    if (!absolute.starts_with("/proc/")) return {};
    const auto place = state.view.find({request.pid}, absolute, false);
    const auto at = process_place(place.path);
    const auto* const process = at ? state.processes.find(at->pid) : nullptr;
    if (process == nullptr) return {};
    const bool made_up = state.processes.is_made_up(at->pid);
    // Process 1 and cron are what they seem; what they have open is not.
    if (!made_up && !state.processes.is_server(at->pid) && !at->key.starts_with("fd/")) return {};
    const auto target = link_target(*process, at->key);
    if (target.empty())
        return made_up || at->key.starts_with("fd/") ? Answer::error(ENOENT) : Answer{};
    if (!may_look(request, *process, at->key)) return Answer::error(EACCES);
    const auto room = request.args[at_call ? 3 : 2];
    const auto text = std::string_view{target}.substr(0, room);
    if (text.empty()) return Answer::error(EINVAL);
    return write_memory(request.pid, request.args[at_call ? 2 : 1], text)
               ? Answer::value(static_cast<std::int64_t>(text.size()))
               : Answer::error(EFAULT);
}

Answer answer_kill(CellState& state, const Request& request) {
    const auto pid = static_cast<pid_t>(request.args[0]);
    const auto signal = static_cast<int>(request.args[1]);
    // BusyBox's reboot, halt and poweroff.
    const bool ends = signal == SIGTERM || signal == SIGUSR1 || signal == SIGUSR2;
    if (pid == 1 && ends && state.plan.persona.image == "router" &&
        task_status(request.pid).uid == 0)
        state.restart();
    if (pid <= 0 || !state.processes.is_made_up(pid)) return {};
    const auto error = state.processes.kill(pid, task_status(request.pid).uid, signal);
    return error == 0 ? Answer::value(0) : Answer::error(error);
}

} // namespace skep::cell
