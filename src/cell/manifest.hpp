// The list of every file of an image, written when it is built and compared by `skep image verify`.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace skep::cell {

/// One file of an image as a cell sees it.
struct ManifestEntry {
    char type = '-'; ///< As ls(1) has it: - d l p s.
    unsigned mode = 0;
    unsigned uid = 0;
    unsigned gid = 0;
    std::uint64_t size = 0;
    std::string content; ///< SHA-256 of a regular file, target of a link.
    bool elf = false;

    bool operator==(const ManifestEntry&) const = default;
};

using Manifest = std::map<std::string, ManifestEntry>;

/// Reads the tree below the directory `root_fd` as it is seen from the calling process's user
/// namespace.
Result<Manifest> scan_tree(int root_fd);

/// One line of JSON for each file, sorted by path, without commas between them.
std::string to_line(const std::string& path, const ManifestEntry& entry);

/// Reads what to_line wrote.
Result<std::pair<std::string, ManifestEntry>> from_line(std::string_view line);

} // namespace skep::cell
