// skep image build: makes base images from their recipes.
#include "apps/subcommand.hpp"
#include "cell/image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unistd.h>

namespace skep::apps::image_build {
namespace {

constexpr std::array options{
    state_option,
    Option{
        .name = "--all", .value = "", .sentence = "Build every image that there is a recipe for."},
    Option{.name = "--force", .value = "", .sentence = "Build even if the recipe has not changed."},
};

int run(const Arguments& arguments) {
    const auto recipes = cell::image_recipes();
    if (recipes.empty()) return complain("no image recipes were found beside this program");
    std::vector<cell::ImageRecipe> chosen;
    if (arguments.has("--all")) chosen = recipes;
    for (const auto& name : arguments.words) {
        const auto found = std::ranges::find(recipes, name, &cell::ImageRecipe::name);
        if (found == recipes.end()) {
            std::string known;
            for (const auto& recipe : recipes)
                known += ' ' + recipe.name;
            return complain(fmt::format("there is no recipe `{}`; there are:{}", name, known), 2);
        }
        chosen.push_back(*found);
    }
    if (chosen.empty()) return complain("which image? Name it, or say --all", 2);
    const auto images = state_directory(arguments) + "/images";
    for (const auto& recipe : chosen) {
        const auto built =
            cell::build_image(recipe, images, arguments.has("--force"), [](std::string_view step) {
                fmt::print("{}\n", step);
                std::fflush(stdout);
            });
        if (!built)
            return complain(fmt::format("image {}: {}", recipe.name, built.error().detail()));
    }
    return 0;
}

} // namespace

extern const Subcommand entry{.name = "image build",
                              .summary = "Build the base images of cells.",
                              .words = "NAME...",
                              .options = options,
                              .example = "skep image build --state ./state --all",
                              .run = run};

} // namespace skep::apps::image_build
