// How a reader keeps up with a writer that rotates and compresses under its feet: it holds the
// segment open, so that a removed plain file can still be read to its end; it looks for a newer
// segment before it reads once more, so that nothing that was written in between is left out; and
// it keeps no half line, so that bytes behind the last line feed may still change.
#include "event/journal_reader.hpp"

#include "base/compress.hpp"
#include "event/journal_line.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <set>
#include <unistd.h>

namespace skep::event {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

constexpr std::string_view packed_suffix = ".zst";
constexpr std::size_t block_bytes = std::size_t{256} * 1024;
constexpr std::size_t batch_bytes_max = std::size_t{4} * 1024 * 1024;
constexpr std::chrono::seconds relist_after{1};

/// A segment that is open for reading, at rising offsets or from anew.
class Segment {
  public:
    Segment() = default;

    ~Segment() { close(); }

    Segment(const Segment&) = delete;
    Segment& operator=(const Segment&) = delete;

    void close() {
        unpacked_.reset();
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
        unpacked_offset_ = 0;
    }

    bool open(const std::string& path) {
        close();
        constexpr int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
        fd_ = ::open(path.c_str(), flags);
        if (fd_ >= 0) return true;
        fd_ = ::open((path + std::string{packed_suffix}).c_str(), flags);
        if (fd_ < 0) return false;
        unpacked_.emplace(
            [fd = fd_, at = off_t{0}]() mutable { return read_block(fd, at, block_bytes); });
        return true;
    }

    bool is_open() const { return fd_ >= 0; }

    /// Bytes in the file: of the plain content, or of its compressed form.
    std::uint64_t file_bytes() const {
        const auto end = ::lseek(fd_, 0, SEEK_END);
        return end < 0 ? 0 : static_cast<std::uint64_t>(end);
    }

    /// Up to one block from `offset` on; empty at the end of what is there.
    Result<std::string> read(std::uint64_t offset) {
        auto at = static_cast<off_t>(offset);
        if (!unpacked_) return read_block(fd_, at, block_bytes);
        while (unpacked_offset_ < offset) {
            TRY(const auto skipped,
                unpacked_->read(static_cast<std::size_t>(
                    std::min<std::uint64_t>(block_bytes, offset - unpacked_offset_))));
            if (skipped.empty()) return std::string{};
            unpacked_offset_ += skipped.size();
        }
        TRY(auto block, unpacked_->read(block_bytes));
        unpacked_offset_ += block.size();
        return block;
    }

  private:
    static Result<std::string> read_block(int fd, off_t& at, std::size_t bytes_max) {
        std::string block(bytes_max, '\0');
        const auto count = ::pread(fd, block.data(), block.size(), at);
        if (count < 0) return fail(Fault::reset, "segment cannot be read");
        block.resize(static_cast<std::size_t>(count));
        at += count;
        return block;
    }

    int fd_ = -1;
    std::optional<ZstdReader> unpacked_;
    std::uint64_t unpacked_offset_ = 0;
};

} // namespace

bool is_segment_name(std::string_view name) noexcept {
    constexpr std::string_view form = "dddddddd?dddddd?-dddddd.jsonl";
    if (name.size() != form.size() || name[8] != 'T' || name[15] != 'Z') return false;
    return std::ranges::equal(name, form, [](char c, char wanted) {
        return wanted == '?' || (wanted == 'd' ? c >= '0' && c <= '9' : c == wanted);
    });
}

std::vector<std::string> journal_segments(const std::string& directory) {
    std::set<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at{directory, error}, end; !error && at != end;
         at.increment(error)) {
        auto name = at->path().filename().string();
        if (name.ends_with(packed_suffix)) name.resize(name.size() - packed_suffix.size());
        if (is_segment_name(name)) names.insert(std::move(name));
    }
    return {names.begin(), names.end()};
}

struct JournalReader::State {
    std::string directory;
    Cursor cursor;
    Segment segment;
    std::string buffer;    // content of the segment; what is behind `head` starts at the cursor
    std::size_t head = 0;  // bytes of the buffer that were consumed
    bool skipping = false; // inside a line that is too long
    bool failed = false;   // this segment's fault was reported
    std::uint64_t seen_bytes = 0;
    fs::file_time_type seen_directory;
    Steady::time_point listed;

    std::string_view unread() const { return std::string_view{buffer}.substr(head); }

    void forget_unread() {
        buffer.clear();
        head = 0;
    }

    void move_to(std::string name) {
        cursor = {.segment = std::move(name), .offset = 0};
        segment.close();
        forget_unread();
        skipping = false;
        failed = false;
        seen_bytes = 0;
    }

    /// The oldest segment behind the cursor's.
    std::optional<std::string> newer() {
        std::error_code ignored;
        seen_directory = fs::last_write_time(directory, ignored);
        listed = Steady::now();
        const auto names = journal_segments(directory);
        const auto found = std::ranges::upper_bound(names, cursor.segment);
        return found == names.end() ? std::nullopt : std::optional{*found};
    }

    /// Opens the cursor's segment, or the next one if it is gone; false if there is none.
    bool open() {
        const auto path = [&] { return (fs::path{directory} / cursor.segment).string(); };
        while (!segment.is_open()) {
            if (!cursor.segment.empty() && segment.open(path())) break;
            auto next = newer();
            if (!next) return false;
            move_to(*std::move(next));
        }
        return true;
    }

    /// Reads one block more; false at the end of what is there.
    Result<bool> fill() {
        buffer.erase(0, head);
        head = 0;
        // Before the read: what is written after it must look new.
        seen_bytes = segment.file_bytes();
        TRY(const auto block, segment.read(cursor.offset + buffer.size()));
        buffer += block;
        return !block.empty();
    }

    void consume(std::size_t bytes) {
        head += bytes;
        cursor.offset += bytes;
    }
};

JournalReader::JournalReader(std::string directory, Cursor from)
    : state_{std::make_unique<State>()} {
    state_->directory = std::move(directory);
    state_->cursor = std::move(from);
}

JournalReader::~JournalReader() = default;
JournalReader::JournalReader(JournalReader&&) noexcept = default;
JournalReader& JournalReader::operator=(JournalReader&&) noexcept = default;

void JournalReader::bad(std::string_view why) const {
    if (on_bad) on_bad(state_->cursor, why);
}

/// Takes one line from the buffer, adds it to `lines` if it is good, and returns its length; 0 if
/// the buffer holds no end of a line.
std::size_t JournalReader::take_line(std::vector<JournalLine>& lines) {
    auto& s = *state_;
    const auto text = s.unread();
    const auto end = text.find('\n');
    if (end == std::string_view::npos) {
        if (text.size() <= journal_line_bytes_max) return 0;
        if (!std::exchange(s.skipping, true)) bad("the line is too long");
        s.consume(text.size());
        return text.size();
    }
    if (std::exchange(s.skipping, false)) {
        s.consume(end + 1);
        return end + 1;
    }
    auto json = unframe_line(text.substr(0, end));
    if (!json) bad(json.error().detail());
    s.consume(end + 1);
    if (json) lines.push_back({.json = *std::move(json), .next = s.cursor});
    return end + 1;
}

std::vector<JournalLine> JournalReader::next(std::size_t lines_max) {
    auto& s = *state_;
    std::vector<JournalLine> lines;
    std::size_t bytes = 0;
    bool newer_exists = false;
    while (lines.size() < lines_max && bytes < batch_bytes_max && s.open()) {
        if (const auto taken = take_line(lines); taken != 0) {
            bytes += taken;
            continue;
        }
        const auto more = s.fill();
        if (!more && !std::exchange(s.failed, true)) bad(more.error().detail());
        if (more && *more) continue;
        auto next = s.newer();
        if (!next) {
            s.forget_unread();
            break;
        }
        // Once more: the segment may have grown before the newer one was made.
        if (more && !std::exchange(newer_exists, true)) continue;
        if (more && !s.unread().empty()) bad("the line has no end");
        s.move_to(*std::move(next));
        newer_exists = false;
    }
    return lines;
}

const Cursor& JournalReader::cursor() const noexcept {
    return state_->cursor;
}

bool JournalReader::anything_new() {
    auto& s = *state_;
    if (s.segment.is_open() && s.segment.file_bytes() != s.seen_bytes) return true;
    std::error_code ignored;
    // The directory's time may be too coarse to tell two changes apart: it is not trusted for long.
    return fs::last_write_time(s.directory, ignored) != s.seen_directory ||
           Steady::now() - s.listed > relist_after;
}

} // namespace skep::event
