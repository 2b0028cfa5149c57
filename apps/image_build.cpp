// skep image build: makes base images from their recipes.
#include "apps/subcommand.hpp"
#include "base/settings.hpp"
#include "cell/image.hpp"
#include "process/user.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

namespace skep::apps::image_build {
namespace {

constexpr std::array options{
    state_option,
    Option{
        .name = "--all", .value = "", .sentence = "Build every image that there is a recipe for."},
    Option{.name = "--force", .value = "", .sentence = "Build even if the recipe has not changed."},
};

int build_as_user(const Settings& settings,
                  const std::string& state,
                  bool force,
                  const std::vector<cell::ImageRecipe>& recipes) {
    if (auto become = process::become_user(settings.text("run.user"), state); !become)
        return complain(become.error().detail(), 2);
    for (const auto& recipe : recipes) {
        const auto built = cell::build_image(recipe, "images", force, [](std::string_view step) {
            fmt::print("{}\n", step);
            std::fflush(stdout);
        });
        if (!built)
            return complain(fmt::format("image {}: {}", recipe.name, built.error().detail()));
    }
    return 0;
}

/// As the user that `skep run` becomes: the files of an image belong to that user's subordinate
/// ids.
int build(const Arguments& arguments, std::vector<cell::ImageRecipe>& recipes) {
    const auto state = state_directory(arguments);
    std::error_code ignored;
    std::filesystem::create_directories(state, ignored);
    const auto settings = Settings::load(state);
    if (!settings) return complain(settings.error().detail(), 2);
    std::vector<std::string> staged;
    if (::geteuid() == 0) {
        for (auto& recipe : recipes) {
            auto copy = cell::stage_recipe(recipe);
            if (!copy) return complain(copy.error().detail());
            recipe = std::move(*copy);
            staged.push_back(std::filesystem::path{recipe.directory}.parent_path());
        }
    }
    // A child, so that root can remove the copies afterwards.
    const pid_t child = ::fork();
    if (child == 0) ::_exit(build_as_user(*settings, state, arguments.has("--force"), recipes));
    int status = 0;
    ::waitpid(child, &status, 0);
    for (const auto& place : staged)
        std::filesystem::remove_all(place, ignored);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

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
    return build(arguments, chosen);
}

} // namespace

extern const Subcommand entry{.name = "image build",
                              .summary = "Build the base images of cells.",
                              .words = "NAME...",
                              .options = options,
                              .example = "skep image build --state ./state --all",
                              .run = run};

} // namespace skep::apps::image_build
