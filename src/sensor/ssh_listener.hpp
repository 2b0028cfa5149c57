// What a listener of kind ssh needs from files, read before the sandbox closes.
#pragma once

#include "base/result.hpp"
#include "base/settings.hpp"
#include "sensor/connection.hpp"

#include <string>

namespace skep::sensor {

/// Replaces `{revision}` of an identification. `packages` is the list of the persona's image,
/// `NAME VERSION` a line, and may be empty: then the revision of the profile's own distribution is
/// taken. `software` is Profile::software.
std::string resolve_identification(std::string_view identification,
                                   std::string_view packages,
                                   std::string_view software);

/// Sets the persona's whole identification line and the host keys in the profile's order.
/// Fault::refused with the file and key that are wrong and what would be right.
Result<void>
prepare_ssh(Listener& listener, const Settings& settings, const std::string& state_directory);

} // namespace skep::sensor
