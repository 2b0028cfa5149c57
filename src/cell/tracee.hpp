// Reading and writing a process of a cell from outside. Everything read is hostile and may change
// under us.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace skep::cell {

/// Bytes at `address`, or nothing if they are not all readable.
std::optional<std::string> read_memory(pid_t pid, std::uint64_t address, std::size_t count);

/// The NUL-terminated text at `address`; nothing if there is none within `bytes_max`.
std::optional<std::string> read_text(pid_t pid, std::uint64_t address, std::size_t bytes_max);

/// The texts of a NULL-terminated array of pointers, at most `count_max` of them and `bytes_max`
/// together.
std::vector<std::string>
read_texts(pid_t pid, std::uint64_t address, std::size_t count_max, std::size_t bytes_max);

bool write_memory(pid_t pid, std::uint64_t address, std::string_view bytes);

/// Lines of /proc/PID/status that we need.
struct TaskStatus {
    pid_t tgid = 0;
    pid_t cell_pid = 0; ///< Of the process, in the cell's own namespace.
    pid_t cell_tid = 0;
    std::int64_t uid = 0; ///< Effective, as the cell sees it.
};

TaskStatus task_status(pid_t pid);

/// Whether the process of the task `pid` has no other task. False if that cannot be seen.
bool is_single_threaded(pid_t pid);

std::int64_t monotonic_ms();

/// `quick` counts pages that processes share since a fork for each of them, `exact` in parts.
enum class Precision : std::uint8_t { quick, exact };

/// Bytes of memory that process `pid` holds for itself (not pages of files), swapped ones included;
/// 0 for a thread that is not its process's first, and for one that has ended.
std::int64_t own_memory(pid_t pid, Precision precision);

} // namespace skep::cell
