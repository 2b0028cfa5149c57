#include "apps/image_faults.hpp"

#include "cell/image.hpp"
#include "persona/persona.hpp"

#include <fmt/format.h>

namespace skep::apps {

std::map<std::string, std::string> recipe_hashes() {
    std::map<std::string, std::string> hashes;
    for (const auto& recipe : cell::image_recipes())
        if (auto hash = cell::recipe_hash(recipe)) hashes.emplace(recipe.name, *std::move(hash));
    return hashes;
}

std::set<std::string> used_personas(const Settings& settings) {
    std::set<std::string> names;
    for (const auto& service : settings.names("service"))
        if (settings.flag(fmt::format("service.{}.enabled", service)))
            names.insert(settings.text(fmt::format("service.{}.persona", service)));
    return names;
}

std::vector<std::string> image_faults(const Settings& settings,
                                      const std::string& state,
                                      const std::map<std::string, std::string>& hashes) {
    std::set<std::string> images;
    if (settings.text("cell.level") == "low") return {};
    for (const auto& name : used_personas(settings))
        if (auto persona = persona::load(fmt::format("{}/personas/{}.toml", state, name)))
            images.insert(std::move(persona->image));
    std::vector<std::string> faults;
    for (const auto& image : images) {
        const auto info = cell::image_info(state + "/images", image);
        const auto hash = hashes.find(image);
        if (!info)
            faults.push_back(
                fmt::format("image {} is not built: skep image build {}", image, image));
        else if (hash != hashes.end() && hash->second != info->recipe)
            faults.push_back(fmt::format("image {} was built from another recipe or by another "
                                         "version of skep, its cells may not start: skep image "
                                         "build {}",
                                         image, image));
    }
    return faults;
}

} // namespace skep::apps
