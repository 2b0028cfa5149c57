// Base images: built from a recipe into `images/NAME/` of a state directory, read-only afterwards.
//
// A recipe is a directory with an executable `build` that writes a tar archive of a root file
// system to its standard output, and a file `init` with the path of the persona's process 1. An
// image is `rootfs/` with the owners that a cell sees (shifted into our subordinate ids),
// `manifest.json`, `programs`: one line `SHA256 SIZE PATH` for each ELF file, and `packages`: one
// line `NAME VERSION` for each Debian package, from which the SSH service takes its greeting.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace skep::cell {

/// What to make an image from.
struct ImageRecipe {
    std::string name;
    std::string directory;    ///< Absolute.
    std::string init_program; ///< The static program that becomes process 1 of a cell; empty if it
                              ///< is missing.
};

/// Every recipe that came with this program: `share/skep/images` of an installation or `images` of
/// the source tree.
std::vector<ImageRecipe> image_recipes();

/// A copy of a recipe and its init program in a new directory below /tmp that everybody can read:
/// the user who builds it may not reach the place where it is. The caller removes the directory.
Result<ImageRecipe> stage_recipe(const ImageRecipe& recipe);

/// What `manifest.json` says at its top.
struct ImageInfo {
    std::string name;
    std::string recipe; ///< Hash of the recipe it was built from.
    std::string built;  ///< ISO 8601.
    std::string init;   ///< Path of process 1.
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
};

/// Reads the manifest's head; Fault::refused if there is no image of that name.
Result<ImageInfo> image_info(const std::string& images_directory, const std::string& name);

/// Hash of a recipe and of the init program: an image with the same one need not be built again.
Result<std::string> recipe_hash(const ImageRecipe& recipe);

/// Builds `recipe` into `images_directory` and replaces an older image in one step. `progress` gets
/// a sentence for each step. Runs as an ordinary user; forks children that enter the user
/// namespace. Does nothing if the image is up to date and `force` is false.
Result<void> build_image(const ImageRecipe& recipe,
                         const std::string& images_directory,
                         bool force,
                         const std::function<void(std::string_view)>& progress);

/// Compares every file with the manifest; returns one sentence for each difference.
Result<std::vector<std::string>> verify_image(const std::string& images_directory,
                                              const std::string& name);

} // namespace skep::cell
