// What an open of a file below /proc gets, and the figures of file systems.
#pragma once

#include "cell/notifier.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/vfs.h>

namespace skep::cell {

/// `place` is on /proc, or would be if it were there.
Answer
answer_proc(CellState& state, const Request& request, const Place& place, std::uint64_t flags);

/// A descriptor of a file with this content, whose name, as /proc/self/fd shows it, is `path`.
Answer give_content(CellState& state,
                    const std::string& path,
                    std::string_view content,
                    std::uint64_t flags);

/// `cpuinfo` of /proc/cpuinfo, `PID/mounts` of /proc/17/task/18/mounts: the key of fabricated_proc.
/// Empty for /proc itself.
std::string proc_key(std::string_view path);

/// Bytes and files below a directory. Counts at most a few times the limits' worth of entries.
struct TreeUsage {
    std::int64_t bytes = 0;
    std::int64_t files = 0;
};

TreeUsage tree_usage(const std::string& directory);

/// Puts the persona's figures into what the kernel said about the file system at `path`.
void fabricate_statfs(const persona::Persona& persona,
                      std::string_view path,
                      std::int64_t used_bytes,
                      std::int64_t used_files,
                      struct statfs& info);

} // namespace skep::cell
