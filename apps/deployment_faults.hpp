// What is wrong with a configuration although every key has a legal value.
#pragma once

#include "base/settings.hpp"

#include <string>
#include <vector>

namespace skep::apps {

/// One sentence for each: addresses that are none or used twice, services without a protocol,
/// bounds that contradict each other. Looks at no file.
std::vector<std::string> deployment_faults(const Settings& settings);

} // namespace skep::apps
