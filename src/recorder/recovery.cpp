#include "recorder/recovery.hpp"

#include "base/compress.hpp"
#include "event/journal_line.hpp"
#include "event/journal_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace skep::recorder {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t block_bytes = std::size_t{256} * 1024;
constexpr std::size_t window_bytes = 2 * event::journal_line_bytes_max;
const std::string packed_suffix = ".zst";
const std::string temporary_suffix = ".tmp";

Result<void> remove(int directory, const std::string& name) {
    if (::unlinkat(directory, name.c_str(), 0) != 0) return failed(name);
    return {};
}

bool exists(int directory, const std::string& name) {
    return ::faccessat(directory, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/// Whether the compressed file holds exactly the plain one's bytes.
Result<bool> holds_same(int packed, int plain) {
    std::uint64_t packed_at = 0;
    ZstdReader unpacked{[&]() -> Result<std::string> {
        TRY(auto block, read_at(packed, packed_at, block_bytes));
        packed_at += block.size();
        return block;
    }};
    std::uint64_t offset = 0;
    for (;;) {
        const auto block = unpacked.read(block_bytes);
        if (!block && block.error().kind() == Fault::malformed) return false;
        if (!block) return std::unexpected{block.error()};
        TRY(const auto wanted, read_at(plain, offset, block->empty() ? 1 : block->size()));
        if (*block != wanted) return false;
        if (block->empty()) return true;
        offset += block->size();
    }
}

Result<void> settle_copies(int directory, const std::string& name) {
    TRY(const auto plain, open_at(directory, name, O_RDONLY));
    TRY(const auto packed, open_at(directory, name + packed_suffix, O_RDONLY));
    TRY(const bool same, holds_same(packed.get(), plain.get()));
    return remove(directory, same ? name : name + packed_suffix);
}

Result<void> copy(int from, std::uint64_t offset, int to) {
    std::uint64_t written = 0;
    for (;;) {
        TRY(const auto block, read_at(from, offset + written, block_bytes));
        if (block.empty()) return {};
        if (auto put = write_all(system_files(), to, block, written); !put) return put;
        written += block.size();
    }
}

Result<void> keep_torn(int directory, const std::string& name, int segment, std::uint64_t end) {
    TRY(const auto torn, open_directory_at(directory, "torn"));
    TRY(const auto kept,
        open_at(torn.get(), fmt::format("{}.{}", name, end), O_WRONLY | O_CREAT | O_TRUNC));
    if (auto copied = copy(segment, end, kept.get()); !copied) return copied;
    if (::fsync(kept.get()) != 0) return failed("fsync of a torn tail");
    return sync_names(torn.get());
}

Result<void> cut_tail(int directory, const std::string& name) {
    TRY(const auto segment, open_at(directory, name, O_RDWR));
    TRY(const auto size, file_size(segment.get()));
    TRY(const auto end, good_end(segment.get()));
    if (end < size) {
        if (auto kept = keep_torn(directory, name, segment.get(), end); !kept) return kept;
        if (::ftruncate(segment.get(), static_cast<off_t>(end)) != 0) return failed(name);
        if (::fsync(segment.get()) != 0) return failed(name);
    }
    return end == 0 ? remove(directory, name) : Result<void>{};
}

/// Compresses into an open new file and makes it durable.
Result<void> pack(int plain, int packed) {
    ZstdWriter writer;
    std::uint64_t read = 0;
    std::uint64_t written = 0;
    for (bool more = true; more;) {
        TRY(const auto block, read_at(plain, read, block_bytes));
        std::string out;
        more = !block.empty();
        more ? writer.write(block, out) : writer.finish(out);
        if (auto put = write_all(system_files(), packed, out, written); !put) return put;
        read += block.size();
        written += out.size();
    }
    if (::fsync(packed) != 0) return failed("fsync of a compressed segment");
    TRY(const bool same, holds_same(packed, plain));
    if (!same) return fail(Fault::malformed, "compressed segment differs from its source");
    return {};
}

} // namespace

Result<std::uint64_t> good_end(int segment) {
    TRY(std::uint64_t end, file_size(segment));
    while (end > 0) {
        const auto start = end > window_bytes ? end - window_bytes : 0;
        TRY(const auto window, read_at(segment, start, static_cast<std::size_t>(end - start)));
        std::string_view text{window};
        text = text.substr(0, text.rfind('\n') + 1);
        // From the last line back, as far as the window shows whole lines.
        while (!text.empty()) {
            const auto body = text.substr(0, text.size() - 1);
            const auto before = body.rfind('\n');
            if (before == std::string_view::npos && start > 0) break;
            const auto line = body.substr(before + 1);
            if (event::unframe_line(line)) return start + text.size();
            text = text.substr(0, before + 1);
        }
        // What is left of the window is the end of a line that began before it, or nothing.
        const auto left = start + text.size();
        end = left == end ? start : left;
    }
    return end;
}

Result<std::vector<std::string>> recover_journal(int directory, const std::string& path) {
    std::error_code error;
    for (fs::directory_iterator at{path, error}, end; !error && at != end; at.increment(error)) {
        const auto name = at->path().filename().string();
        if (!name.ends_with(temporary_suffix)) continue;
        if (auto removed = remove(directory, name); !removed)
            return std::unexpected{removed.error()};
    }
    std::vector<std::string> plain;
    const auto names = event::journal_segments(path);
    for (const auto& name : names) {
        if (exists(directory, name) && exists(directory, name + packed_suffix)) {
            if (auto settled = settle_copies(directory, name); !settled)
                return std::unexpected{settled.error()};
        }
        if (exists(directory, name)) plain.push_back(name);
    }
    if (!plain.empty() && plain.back() == names.back()) {
        if (auto cut = cut_tail(directory, plain.back()); !cut) return std::unexpected{cut.error()};
        if (!exists(directory, plain.back())) plain.pop_back();
    }
    if (auto synced = sync_names(directory); !synced) return std::unexpected{synced.error()};
    return plain;
}

Result<void> compress_segment(int directory, const std::string& name) {
    const auto packed_name = name + packed_suffix;
    const auto temporary = packed_name + temporary_suffix;
    TRY(const auto plain, open_at(directory, name, O_RDONLY));
    TRY(const auto packed, open_at(directory, temporary, O_RDWR | O_CREAT | O_TRUNC));
    auto done = pack(plain.get(), packed.get());
    if (done && ::renameat(directory, temporary.c_str(), directory, packed_name.c_str()) != 0)
        done = failed(packed_name);
    if (!done) {
        ::unlinkat(directory, temporary.c_str(), 0);
        return done;
    }
    // The new name must be durable before the old one goes.
    if (auto synced = sync_names(directory); !synced) return synced;
    if (auto removed = remove(directory, name); !removed) return removed;
    return sync_names(directory);
}

} // namespace skep::recorder
