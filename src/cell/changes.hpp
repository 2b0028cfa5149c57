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

struct Changes {
    std::vector<Change> list; ///< In the order of the paths.
    bool whole = true;        ///< False if directories lie deeper than is looked.
};

/// Longest list; limits.cell_files keeps a cell far below.
constexpr std::size_t changes_max = 1'000'000;

/// What Skep wrote before the machine was first used is left out, and so is what lies in memory and
/// not on its disk: /dev, /dev/shm, /run. The current directory is the state directory, and the
/// process is in our user namespace (process::enter_user_namespace). Fault::refused with a
/// sentence.
Result<Changes> changes_of(const std::string& cell);

/// Holes of files and hard links count in full: an attacker makes long files of nothing.
constexpr std::int64_t export_bytes_max = std::int64_t{8} << 30;

/// Writes them to the descriptor `output` as a tar file (POSIX.1-2001), deleted ones as empty files
/// `.wh.NAME` as in layers of OCI images. Fault::over_limit beyond export_bytes_max of content.
Result<void>
export_changes(const std::string& cell, const std::vector<Change>& changes, int output);

} // namespace skep::cell
