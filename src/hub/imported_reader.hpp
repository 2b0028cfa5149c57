// Reads the journal segments that `skep import` writes.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace skep::hub {

/// Whether `name` (without `.zst`) is that of an imported segment: `imported-` and 32 hexadecimal
/// digits of what it contains, `.jsonl`.
bool is_imported_name(std::string_view name) noexcept;

/// The imported segments of a journal directory, sorted, without `.zst`.
std::vector<std::string> imported_segments(const std::string& directory);

/// One whole compressed segment, from a position of its plain content on. Used by one thread.
class ImportedReader {
  public:
    /// Fault::refused if there is no such file.
    static Result<ImportedReader>
    open(const std::string& directory, std::string name, std::uint64_t position);

    ~ImportedReader();
    ImportedReader(ImportedReader&&) noexcept;
    ImportedReader& operator=(ImportedReader&&) noexcept;

    /// The next lines without their checksums, at most `lines_max` and a few megabytes; empty at
    /// the end. Fault::malformed for a damaged file; lines with a wrong checksum are counted and
    /// skipped.
    Result<std::vector<std::string>> next(std::size_t lines_max);

    const std::string& name() const noexcept;
    /// Where the line behind the last one begins.
    std::uint64_t position() const noexcept;
    std::uint64_t bad_lines() const noexcept;

  private:
    struct State;

    explicit ImportedReader(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace skep::hub
