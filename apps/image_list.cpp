// skep image list: which images there are, and which recipes have none yet.
#include "apps/subcommand.hpp"
#include "cell/image.hpp"

#include <fmt/format.h>

#include <array>

namespace skep::apps::image_list {
namespace {

constexpr std::array options{state_option};

int run(const Arguments& arguments) {
    const auto images = state_directory(arguments) + "/images";
    for (const auto& recipe : cell::image_recipes()) {
        const auto info = cell::image_info(images, recipe.name);
        if (!info) {
            fmt::print("{:<12} not built\n", recipe.name);
            continue;
        }
        const auto hash = cell::recipe_hash(recipe);
        const bool current = hash && *hash == info->recipe;
        fmt::print("{:<12} {:>7} files {:>5} MB  built {}  {}\n", recipe.name, info->files,
                   info->bytes / 1000000, info->built.substr(0, 19),
                   current ? "up to date" : "recipe has changed since");
    }
    return 0;
}

} // namespace

extern const Subcommand entry{.name = "image list",
                              .summary = "List the base images.",
                              .words = "",
                              .options = options,
                              .example = "skep image list --state ./state",
                              .run = run};

} // namespace skep::apps::image_list
