// The frame of one journal line, shared by its writer and its readers.
//
// A line is the JSON of one event with a checksum as its last member, so that a reader that knows
// nothing of us still gets valid JSON:  {"id":...,"crc":"89abcdef"}\n
// The checksum covers every byte in front of `,"crc"`.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace skep::event {

/// Longest line that is written or read. The largest message becomes at most about 520 KiB: every
/// byte of its base64 may stand for a byte that is written as U+FFFD and as base64.
constexpr std::size_t journal_line_bytes_max = std::size_t{1024} * 1024;

/// `json`, a not empty object, with its checksum and a line feed.
std::string frame_line(std::string_view json);

/// The object of a line without its line feed; Fault::malformed if it is not exactly what
/// frame_line made. What is inside the object is not looked at.
Result<std::string> unframe_line(std::string_view line);

} // namespace skep::event
