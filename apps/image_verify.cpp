// skep image verify: compares an image with the manifest that was written when it was built.
#include "apps/subcommand.hpp"
#include "base/bytes.hpp"
#include "base/settings.hpp"
#include "cell/image.hpp"
#include "process/user.hpp"

#include <fmt/format.h>

#include <array>

namespace skep::apps::image_verify {
namespace {

constexpr std::array options{state_option};

int run(const Arguments& arguments) {
    const auto state = state_directory(arguments);
    const auto recipes = cell::image_recipes();
    const auto settings = Settings::load(state);
    if (!settings) return complain(settings.error().detail(), 2);
    if (auto become = process::become_user(settings->text("run.user"), state); !become)
        return complain(become.error().detail(), 2);
    const std::string images = "images";
    auto names = arguments.words;
    if (names.empty())
        for (const auto& recipe : recipes)
            if (cell::image_info(images, recipe.name)) names.push_back(recipe.name);
    bool same = true;
    for (const auto& name : names) {
        const auto differences = cell::verify_image(images, name);
        if (!differences)
            return complain(fmt::format("image {}: {}", name, differences.error().detail()));
        for (const auto& difference : *differences)
            fmt::print("{}: {}\n", name, escape_text(difference));
        if (differences->empty()) fmt::print("{}: every file is as it was built\n", name);
        same = same && differences->empty();
    }
    return same ? 0 : 1;
}

} // namespace

extern const Subcommand entry{.name = "image verify",
                              .summary = "Check that base images are as they were built.",
                              .words = "[NAME]...",
                              .options = options,
                              .example = "skep image verify --state ./state debian",
                              .run = run};

} // namespace skep::apps::image_verify
