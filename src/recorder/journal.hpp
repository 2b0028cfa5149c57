// Writes the journal: numbered segments of framed lines, each durable before anyone is told so.
#pragma once

#include "base/time.hpp"
#include "recorder/files.hpp"

#include <string>
#include <vector>

namespace skep::recorder {

struct JournalOptions {
    std::string directory;
    std::uint64_t segment_bytes = 0; ///< limits.journal_segment_bytes
    Micros segment_time = 0;         ///< limits.journal_segment_seconds
    const Clock* clock = &system_clock();
    FileCalls calls = system_files();
};

/// The one writer. Used by one thread at a time. Every run starts a segment of its own, so that a
/// reader's offset in an older one stays right whatever a crash did to its end.
class Journal {
  public:
    /// Recovers what a crash left (see recovery.hpp) and finds the next segment's number.
    static Result<Journal> open(JournalOptions options);

    /// Writes whole framed lines and waits until they are on disk. After a failure nothing of them
    /// counts, and the same lines must be given again before others: they are written over what
    /// came through, also if the kernel forgot it after a failed sync.
    Result<void> append(std::string_view lines);

    /// Closes the segment if it is full or old; the next append starts another.
    void rotate_if_due();

    /// Names of closed, not yet compressed segments; each is given out once.
    std::vector<std::string> take_closed();

    /// Name of the segment that is written now; empty between two.
    const std::string& segment() const noexcept { return name_; }

  private:
    explicit Journal(JournalOptions options) : options_{std::move(options)} {}

    Result<void> start_segment();
    std::string next_name() const;

    JournalOptions options_;
    process::Descriptor directory_;
    process::Descriptor file_;
    std::string name_;
    std::string last_name_;  ///< The newest there ever was, to which the next one must be newer.
    std::uint64_t size_ = 0; ///< Bytes that count.
    Micros started_ = 0;
    bool name_durable_ = false;
    bool behind_ =
        false; ///< Lines that failed may stand behind size_ until they are written again.
    std::vector<std::string> closed_;
};

} // namespace skep::recorder
