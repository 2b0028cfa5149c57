// The few file operations whose order makes things durable.
#pragma once

#include "base/result.hpp"
#include "process/descriptor.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace skep::recorder {

/// The calls that may fail for want of space or by a broken disk; tests put failing ones here.
struct FileCalls {
    ssize_t (*write_at)(int fd, const void* bytes, std::size_t count, off_t offset);
    int (*sync)(int fd);
};

/// pwrite and fdatasync.
const FileCalls& system_files() noexcept;

/// What errno says, with the name of what failed; Fault::over_limit for a full disk or quota.
std::unexpected<Error> failed(std::string_view what);

/// Makes the directory (mode 0700) if it is absent and opens it.
Result<process::Descriptor> open_directory(const std::string& path);

/// The same below an open directory. `name` is one of ours.
Result<process::Descriptor> open_directory_at(int directory, const std::string& name);

/// Opens an existing regular file, or with `flags` O_CREAT a new one, without following a link.
Result<process::Descriptor> open_at(int directory, const std::string& name, int flags);

/// Writes all bytes at `offset`.
Result<void>
write_all(const FileCalls& calls, int fd, std::string_view bytes, std::uint64_t offset);

/// Writes all bytes of a new file under a temporary name, makes them durable and gives it its name.
Result<void> replace_file(int directory, const std::string& name, std::string_view bytes);

/// fsync: makes names of a directory durable.
Result<void> sync_names(int directory);

/// Bytes of an open file.
Result<std::uint64_t> file_size(int fd);

/// Up to `bytes_max` bytes at `offset`; empty at the end.
Result<std::string> read_at(int fd, std::uint64_t offset, std::size_t bytes_max);

} // namespace skep::recorder
