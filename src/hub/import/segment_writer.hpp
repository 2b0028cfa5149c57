// Imported events as a segment of the journal, so that the store can be made again from it.
#pragma once

#include "base/compress.hpp"
#include "base/crypto/sha256.hpp"
#include "event/event.hpp"
#include "process/descriptor.hpp"

#include <cstdint>
#include <string>

namespace skep::hub {

/// Writes `imported-DIGEST.jsonl.zst`: whole and durable under its name, or not there. The digest
/// is that of the events, so that the same log makes the same segment.
class SegmentWriter {
  public:
    /// Fault::refused if the directory does not take a file.
    static Result<SegmentWriter> open(const std::string& directory);

    /// Removes what was written if `finish` was not reached.
    ~SegmentWriter();
    SegmentWriter(SegmentWriter&& other) noexcept;
    SegmentWriter& operator=(SegmentWriter&&) = delete;

    Result<void> add(const event::Event& event);

    /// The segment's name without `.zst`; empty if there was no event.
    Result<std::string> finish();

  private:
    SegmentWriter(std::string directory, std::string temporary, process::Descriptor file)
        : directory_{std::move(directory)}, temporary_{std::move(temporary)},
          file_{std::move(file)} {}

    Result<void> flush();

    std::string directory_;
    std::string temporary_; ///< Path of the unfinished file; empty once it has its name.
    process::Descriptor file_;
    ZstdWriter pack_;
    crypto::Sha256 digest_;
    std::string packed_;
    std::uint64_t events_ = 0;
};

} // namespace skep::hub
