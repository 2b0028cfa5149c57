// Settings as people read them: values as TOML, types and ranges as words. Shared by `skep init`,
// `skep config` and the reference pages, so that they say the same.
#pragma once

#include "base/settings.hpp"

#include <string>

namespace skep::apps {

/// The default of a row as TOML: `"any"`, `200`, `true`, `["a", "b"]`.
std::string default_toml(const SettingRow& row);

/// A value as TOML.
std::string to_toml(const SettingValue& value);

/// The type with its bounds: `text`, `one of low, medium`, `1 to 64 processes`, `true or false`,
/// `list of texts`.
std::string type_words(const SettingRow& row);

/// The value of `key`, a key without `*`, as TOML: what a file says or the default.
std::string value_toml(const Settings& settings, std::string_view key);

/// A new skep.toml: two services and the dashboard on loopback, every other key as a comment with
/// its default.
std::string new_configuration();

} // namespace skep::apps
