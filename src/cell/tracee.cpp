#include "cell/tracee.hpp"

#include "process/descriptor.hpp"
#include "process/user_namespace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace skep::cell {
namespace {

constexpr std::size_t page_bytes = 4096;

/// As read_memory, but what can be read at the start is enough.
std::string read_some(pid_t pid, std::uint64_t address, std::size_t count) {
    std::string bytes(count, '\0');
    iovec local{bytes.data(), count};
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address in another process
    iovec remote{reinterpret_cast<void*>(address), count};
    const auto size = ::process_vm_readv(pid, &local, 1, &remote, 1, 0);
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
}

/// The number at the start or, of `last`, at the end of a line's value.
std::int64_t number_in(std::string_view line, unsigned index, bool last) {
    std::int64_t value = 0;
    unsigned at = 0;
    for (std::size_t i = 0; i < line.size();) {
        if (line[i] < '0' || line[i] > '9') {
            ++i;
            continue;
        }
        const auto [end, error] =
            std::from_chars(line.data() + i, line.data() + line.size(), value);
        i = static_cast<std::size_t>(end - line.data());
        if (!last && at++ == index) return value;
        if (error != std::errc{}) return value;
    }
    return value;
}

std::string_view line_of(std::string_view status, std::string_view name) {
    const auto at = status.find(name);
    if (at == std::string_view::npos) return {};
    const auto end = status.find('\n', at + 1);
    return status.substr(at + name.size(), end - at - name.size());
}

} // namespace

std::optional<std::string> read_memory(pid_t pid, std::uint64_t address, std::size_t count) {
    auto bytes = read_some(pid, address, count);
    if (bytes.size() != count) return std::nullopt;
    return bytes;
}

std::optional<std::string> read_text(pid_t pid, std::uint64_t address, std::size_t bytes_max) {
    std::string text;
    while (text.size() < bytes_max) {
        // Never across a page: the next one may not be there.
        const auto part =
            read_some(pid, address, std::min<std::size_t>(page_bytes - address % page_bytes, 512));
        if (part.empty()) return std::nullopt;
        const auto end = part.find('\0');
        if (end != std::string::npos) return text + part.substr(0, end);
        text += part;
        address += part.size();
    }
    return std::nullopt;
}

std::vector<std::string>
read_texts(pid_t pid, std::uint64_t address, std::size_t count_max, std::size_t bytes_max) {
    std::vector<std::string> texts;
    std::size_t total = 0;
    while (texts.size() < count_max && total < bytes_max && address != 0) {
        const auto pointer = read_memory(pid, address, sizeof(std::uint64_t));
        if (!pointer) break;
        std::uint64_t at = 0;
        std::memcpy(&at, pointer->data(), sizeof at);
        if (at == 0) break;
        auto text = read_text(pid, at, bytes_max);
        if (!text)
            text = read_some(pid, at, std::min(bytes_max - total, page_bytes - at % page_bytes));
        total += text->size() + 1;
        texts.push_back(std::move(*text));
        address += sizeof at;
    }
    return texts;
}

bool write_memory(pid_t pid, std::uint64_t address, std::string_view bytes) {
    iovec local{const_cast<char*>(bytes.data()), bytes.size()};
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address in another process
    iovec remote{reinterpret_cast<void*>(address), bytes.size()};
    return ::process_vm_writev(pid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes.size());
}

namespace {

/// A short file of /proc/PID; empty if the process is gone.
std::string read_proc(pid_t pid, std::string_view name) {
    const process::Descriptor file{
        ::open(fmt::format("/proc/{}/{}", pid, name).c_str(), O_RDONLY | O_CLOEXEC)};
    std::string text(4096, '\0');
    const auto size = file.valid() ? ::read(file.get(), text.data(), text.size()) : 0;
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return text;
}

} // namespace

TaskStatus task_status(pid_t pid) {
    TaskStatus found;
    const auto text = read_proc(pid, "status");
    const std::string_view status{text};
    found.tgid = static_cast<pid_t>(number_in(line_of(status, "\nTgid:"), 0, false));
    found.cell_pid = static_cast<pid_t>(number_in(line_of(status, "\nNStgid:"), 0, true));
    found.cell_tid = static_cast<pid_t>(number_in(line_of(status, "\nNSpid:"), 0, true));
    found.uid = number_in(line_of(status, "\nUid:"), 1, false) - process::cell_id_first;
    return found;
}

bool is_single_threaded(pid_t pid) {
    // The kernel counts a directory's two own links and one for each task (proc_task_getattr).
    struct stat info{};
    return ::stat(fmt::format("/proc/{}/task", pid).c_str(), &info) == 0 && info.st_nlink == 3;
}

std::int64_t monotonic_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

std::int64_t own_memory(pid_t pid, Precision precision) {
    constexpr std::int64_t kib = 1024;
    const auto status = read_proc(pid, "status");
    if (number_in(line_of(status, "\nTgid:"), 0, false) != pid) return 0;
    const auto swapped = number_in(line_of(status, "\nVmSwap:"), 0, false);
    if (precision == Precision::quick)
        return (number_in(line_of(status, "\nRssAnon:"), 0, false) + swapped) * kib;
    const auto shares = read_proc(pid, "smaps_rollup");
    return (number_in(line_of(shares, "\nPss_Anon:"), 0, false) + swapped) * kib;
}

} // namespace skep::cell
