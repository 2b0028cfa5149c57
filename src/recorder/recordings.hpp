// The terminal recordings of all sessions: `recordings/YYYY-MM-DD/SESSION.cast`.
#pragma once

#include "base/crypto/sha256.hpp"
#include "base/time.hpp"
#include "recorder/cast.hpp"
#include "recorder/files.hpp"

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace skep::recorder {

struct RecordingOptions {
    std::string directory;
    std::uint64_t bytes_max = 0; ///< limits.recording_bytes
    std::size_t open_max = 65'536;
    const Clock* clock = &system_clock();
    FileCalls calls = system_files();
};

struct RecordingHeader {
    std::uint32_t width = 80;
    std::uint32_t height = 24;
    std::string term;
};

/// What log.closed tells.
struct ClosedRecording {
    std::string ttylog; ///< Relative to the state directory.
    std::uint64_t size = 0;
    std::uint64_t duration_ms = 0;
    std::string shasum; ///< Of the whole file.
    bool truncated = false;
};

/// The file of a recording, relative to the recordings' directory, or Fault::malformed: its name is
/// that of a session, 20 lower-case hexadecimal digits whose time lies within what a session may
/// last before `now`, and for a program after the session's first `-` and a number.
/// Nothing else of a peer's ever becomes a file name.
Result<std::string> recording_path(std::string_view name, Micros now);

/// Used by one thread. Writing reaches the kernel at once and so survives our end; it is durable
/// after `sync` of what `take_unsynced` named.
///
/// After a restart a session goes on where its file ends: chunks that the file has are passed over.
class Recordings {
  public:
    static Result<Recordings> open(RecordingOptions options);

    /// Begins a recording and returns its `ttylog`. Fault::over_limit if too many are open.
    Result<std::string> begin(const std::string& session, const RecordingHeader& header);

    /// Fault::over_limit once the recording is as long as it may be or the disk refused: the rest
    /// is left out and `truncated` tells so.
    Result<void> add(const std::string& session, const Chunk& chunk);

    Result<ClosedRecording> end(const std::string& session);

    /// Forgets a session whose process is gone; its file stays as it is and can be gone on with.
    void release(const std::string& session);

    /// Files and directories that changed since the last call.
    std::vector<std::string> take_unsynced();

    /// Makes them durable. For another thread.
    Result<void> sync(const std::vector<std::string>& names) const;

  private:
    struct Recording {
        std::string path;
        std::uint64_t size = 0;
        std::uint64_t last_chunk = 0; ///< Where the lines of the last chunk begin.
        CastState state;
        CastState before_last;
        crypto::Sha256 digest;
        bool resumed = false;
        bool full = false;
    };

    explicit Recordings(RecordingOptions options) : options_{std::move(options)} {}

    Result<Recording*> find(const std::string& session);
    Result<Recording> resume(const std::string& path);
    Result<void> append(Recording& recording, std::string_view lines);
    Result<void> rewrite_last(Recording& recording, const Chunk& chunk);

    RecordingOptions options_;
    process::Descriptor directory_;
    std::unordered_map<std::string, Recording> open_;
    std::set<std::string> unsynced_;
};

} // namespace skep::recorder
