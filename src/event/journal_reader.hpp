// Reads a journal directory as one endless text: across segments, compressed or not, growing or
// closed.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace skep::event {

/// A place in the journal that stays right when its segment is compressed.
struct Cursor {
    std::string segment; ///< `20261124T103000Z-000001.jsonl`, without `.zst`; empty: the start.
    std::uint64_t offset = 0; ///< Bytes of the segment's plain content in front of the next line.

    bool operator==(const Cursor&) const = default;
};

/// One good line.
struct JournalLine {
    std::string json; ///< The event without its checksum, as event::from_json reads it.
    Cursor next;      ///< Where the line behind it starts: what a reader stores once it is done.
};

/// Whether `name` is that of a segment as a cursor has it.
bool is_segment_name(std::string_view name) noexcept;

/// The names of all segments in `directory`, oldest first, each once, without `.zst`. Empty if
/// there is no such directory.
std::vector<std::string> journal_segments(const std::string& directory);

/// Follows the journal from a cursor on. Any number of readers may follow one journal; none
/// disturbs the writer. Used by one thread.
///
/// Delivery is at least once: a sender repeats what was not acknowledged, so that the same event id
/// may come twice. A line may be read shortly before it is on disk.
class JournalReader {
  public:
    explicit JournalReader(std::string directory, Cursor from = {});
    ~JournalReader();
    JournalReader(JournalReader&&) noexcept;
    JournalReader& operator=(JournalReader&&) noexcept;

    /// The next lines, at most `lines_max` and a few megabytes; empty if there is nothing new now.
    /// A line with a wrong checksum is reported and skipped. An unfinished last line waits for its
    /// end, or is reported and left once a newer segment exists.
    std::vector<JournalLine> next(std::size_t lines_max);

    /// Whether `next` is worth a call: a size and a directory's time, a few microseconds. Never
    /// false for longer than a second while there is something.
    bool anything_new();

    /// Where the next line is read.
    const Cursor& cursor() const noexcept;

    /// Called for each place that was skipped.
    std::function<void(const Cursor& where, std::string_view why)> on_bad;

  private:
    void bad(std::string_view why) const;
    std::size_t take_line(std::vector<JournalLine>& lines);

    struct State;
    std::unique_ptr<State> state_;
};

} // namespace skep::event
