// The programs of an image by content, so that a copy or a renamed one is known.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace skep::cell {

/// Read once for each image and shared by all of its cells.
struct ProgramTable {
    std::unordered_map<std::string, std::string> path_of; ///< By SHA-256 in hexadecimal.
    std::unordered_set<std::uint64_t> sizes;

    /// Reads `images/NAME/programs`.
    static Result<ProgramTable> load(const std::string& file);
};

} // namespace skep::cell
