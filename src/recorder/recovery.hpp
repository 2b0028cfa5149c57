// What a crash leaves of a journal, and the compression of closed segments, which a crash may
// interrupt anywhere.
#pragma once

#include "recorder/files.hpp"

#include <string>
#include <vector>

namespace skep::recorder {

/// Puts a journal directory in order before it is written again:
/// half-made compressed files go; of a segment that exists twice the compressed copy stays if it
/// holds the same, else the plain one; the newest segment is cut behind its last good line, and
/// what is cut off is kept as `torn/SEGMENT.OFFSET`. No other segment is changed.
/// Returns the names of the plain segments that are left, which are all closed now.
Result<std::vector<std::string>> recover_journal(int directory, const std::string& path);

/// Where the last good line of an open segment ends; 0 if there is none.
Result<std::uint64_t> good_end(int segment);

/// Compresses one closed segment, checks the result against it, and removes it. At every moment
/// one good copy is on disk under a name that readers know.
Result<void> compress_segment(int directory, const std::string& name);

} // namespace skep::recorder
