// What an attacker changed on a machine, compared with its image: from the cell's directory alone,
// whether it runs or not.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace skep::cell {

struct Change {
    enum class Kind : char { added = 'A', modified = 'M', deleted = 'D' };

    Kind kind = Kind::added;
    std::string path;  ///< Absolute as the cell sees it; any bytes but NUL.
    unsigned mode = 0; ///< With its type, as stat(2); 0 if deleted.
    unsigned uid = 0;  ///< As the cell counts.
    unsigned gid = 0;
    std::int64_t size = 0;
    std::int64_t mtime = 0; ///< Seconds since 1970.
    std::string link;       ///< Target of a symbolic link.
};

/// Longest list; limits.cell_files keeps a cell far below.
constexpr std::size_t changes_max = 1'000'000;

/// In the order of the paths. What Skep wrote before the machine was first used is left out. The
/// current directory is the state directory, and the process is in our user namespace
/// (process::enter_user_namespace). Fault::refused with a sentence.
Result<std::vector<Change>> changes_of(const std::string& cell);

/// Writes them to the descriptor `output` as a tar file (POSIX.1-2001), deleted ones as empty files
/// `.wh.NAME` as in layers of OCI images.
Result<void>
export_changes(const std::string& cell, const std::vector<Change>& changes, int output);

} // namespace skep::cell
