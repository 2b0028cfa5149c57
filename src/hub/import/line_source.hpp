// A log file as lines, whatever it is packed in.
#pragma once

#include "base/result.hpp"
#include "process/descriptor.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace skep::hub {

/// One line without its LF or CRLF.
struct SourceLine {
    std::string text;
    std::uint64_t number = 0; ///< From 1.
    bool too_long = false;    ///< The text is its beginning only.
};

/// Reads plain text and gzip; which it is, the first bytes tell, not the name (rotated logs have
/// any). Used by one thread.
class LineSource {
  public:
    /// Fault::refused if the file cannot be read. No line longer than `line_bytes_max` is held.
    static Result<LineSource> open(const std::string& path, std::size_t line_bytes_max);

    ~LineSource();
    LineSource(LineSource&&) noexcept;
    LineSource& operator=(LineSource&&) noexcept;

    /// The next line, nothing at the end. A last line without LF is one too. Fault::malformed for a
    /// damaged gzip file.
    Result<std::optional<SourceLine>> next();

    /// Bytes of the file, and how many of them were read: for a progress bar.
    std::uint64_t file_bytes() const noexcept;
    std::uint64_t read_bytes() const noexcept;

  private:
    struct State;

    explicit LineSource(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace skep::hub
