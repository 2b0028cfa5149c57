// The steps of an image's build that run with the ids of a cell.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <string>

namespace skep::cell {

/// What the manifest says about the whole image.
struct ImageHead {
    std::string name;
    std::string recipe;
    std::string init;
    Micros built = 0;
};

/// Unpacks a tar archive, without device nodes, into the directory `root`.
Result<void> unpack_archive(int archive, int root);

/// Installs process 1 from `init_program` and gives files that the build made times as an
/// installation of some months ago has them, so that nothing shows when and how the image was made.
Result<void> finish_root(int root, int init_program, const ImageHead& head);

/// Writes the manifest, the list of programs, and `NAME VERSION` of each package that dpkg has
/// installed (nothing where there is no dpkg).
Result<void>
write_manifest(int root, const ImageHead& head, int manifest, int programs, int packages);

/// Writes one line for each difference to `report`.
Result<void> compare_with_manifest(int root, int manifest, int report);

} // namespace skep::cell
