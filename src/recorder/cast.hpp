// Terminal recordings as text: asciicast v2, one line for each chunk, nothing lost.
//
// [t,"o",text] is output, "i" input, "r" a new size. Where the bytes of a chunk are not exactly its
// text, a line [t,"B",base64 of the bytes] follows, which players pass over. A character that is
// split between two chunks is shown with the second one.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace skep::recorder {

/// One piece of a recording as a peer sent it.
struct Chunk {
    std::uint32_t index = 0;  ///< From 0, without gaps.
    std::uint64_t micros = 0; ///< Since the recording began.
    char kind = 'o';          ///< i, o or r.
    std::string bytes;
};

/// The first line. Sizes are brought into 1 to 1000; `term` may be any bytes.
std::string cast_header(std::uint32_t width,
                        std::uint32_t height,
                        std::int64_t unix_seconds,
                        std::string_view term);

/// One line behind the header.
struct CastLine {
    std::uint64_t micros = 0;
    char kind = 'o'; ///< i, o, r, m or B.
    std::string text;
};

/// Reads one line without its end; Fault::malformed if it is none of ours.
Result<CastLine> parse_cast_line(std::string_view line);

/// What the next chunk needs to know of those before it.
class CastState {
  public:
    /// The lines of the next chunk. Times never fall, sizes are brought into range; what no
    /// recording can hold becomes an empty marker, so that lines and chunks still count alike.
    std::string add(const Chunk& chunk);

    /// Takes over a line that is in the file already, without its end; Fault::malformed if it is
    /// none of ours.
    Result<void> read(std::string_view line);

    /// How many chunks there were.
    std::uint32_t chunks() const noexcept { return chunks_; }

    std::uint64_t micros() const noexcept { return micros_; }

  private:
    std::string& held(char kind) { return kind == 'i' ? held_input_ : held_output_; }

    std::string held_input_; ///< The start of a character whose end has not come yet.
    std::string held_output_;
    std::string before_; ///< What was held in front of the last chunk read.
    char last_kind_ = 'o';
    std::uint32_t chunks_ = 0;
    std::uint64_t micros_ = 0;
};

} // namespace skep::recorder
