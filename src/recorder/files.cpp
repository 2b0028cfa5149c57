#include "recorder/files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace skep::recorder {

const FileCalls& system_files() noexcept {
    static constexpr FileCalls calls{.write_at = ::pwrite, .sync = ::fdatasync};
    return calls;
}

std::unexpected<Error> failed(std::string_view what) {
    const int error = errno;
    const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    return fail(full ? Fault::over_limit : Fault::refused,
                fmt::format("{}: {}", what, std::generic_category().message(error)));
}

Result<process::Descriptor> open_directory_at(int directory, const std::string& name) {
    if (::mkdirat(directory, name.c_str(), 0700) == 0) {
        if (auto synced = sync_names(directory); !synced) return std::unexpected{synced.error()};
    } else if (errno != EEXIST) {
        return failed(name);
    }
    process::Descriptor opened{
        ::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};
    if (!opened.valid()) return failed(name);
    return opened;
}

Result<process::Descriptor> open_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed(path);
    process::Descriptor opened{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!opened.valid()) return failed(path);
    return opened;
}

Result<process::Descriptor> open_at(int directory, const std::string& name, int flags) {
    process::Descriptor opened{
        ::openat(directory, name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)};
    if (!opened.valid()) return failed(name);
    struct stat status{};
    if (::fstat(opened.get(), &status) != 0) return failed(name);
    if (!S_ISREG(status.st_mode)) return fail(Fault::refused, name + " is no regular file");
    return opened;
}

Result<void>
write_all(const FileCalls& calls, int fd, std::string_view bytes, std::uint64_t offset) {
    while (!bytes.empty()) {
        const auto count =
            calls.write_at(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed("write");
        if (count == 0) return fail(Fault::refused, "write: nothing written");
        bytes.remove_prefix(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
    return {};
}

Result<void> replace_file(int directory, const std::string& name, std::string_view bytes) {
    const std::string temporary = name + ".tmp";
    ::unlinkat(directory, temporary.c_str(), 0);
    TRY(const auto file, open_at(directory, temporary, O_WRONLY | O_CREAT | O_EXCL));
    auto written = write_all(system_files(), file.get(), bytes, 0);
    if (written && ::fsync(file.get()) != 0) written = failed(temporary);
    if (written && ::renameat(directory, temporary.c_str(), directory, name.c_str()) != 0)
        written = failed(name);
    if (!written) {
        ::unlinkat(directory, temporary.c_str(), 0);
        return written;
    }
    return sync_names(directory);
}

Result<void> sync_names(int directory) {
    if (::fsync(directory) != 0) return failed("fsync of a directory");
    return {};
}

Result<std::uint64_t> file_size(int fd) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) return failed("fstat");
    return static_cast<std::uint64_t>(status.st_size);
}

Result<std::string> read_at(int fd, std::uint64_t offset, std::size_t bytes_max) {
    std::string bytes(bytes_max, '\0');
    const auto count = ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0) return failed("read");
    bytes.resize(static_cast<std::size_t>(count));
    return bytes;
}

} // namespace skep::recorder
