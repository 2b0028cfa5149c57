// Whether the base images of a deployment are there and of this program's making.
#pragma once

#include "base/settings.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace skep::apps {

/// Hash of each recipe that came with this program, by name. The place where they are may be closed
/// to the user whom `skep run` becomes: ask before.
std::map<std::string, std::string> recipe_hashes();

/// Personas that enabled services name.
std::set<std::string> used_personas(const Settings& settings);

/// One sentence for each image below `state` that a used persona needs and that is not built, or
/// was built from another recipe or with another version's process 1, whose cells may not start.
/// None with `cell.level = low`. Unreadable personas are left to others to complain about.
std::vector<std::string> image_faults(const Settings& settings,
                                      const std::string& state,
                                      const std::map<std::string, std::string>& hashes);

} // namespace skep::apps
