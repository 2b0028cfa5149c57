// TOML texts as toml++ tables. Include it where a file is read, not in headers: it is large.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace skep {

/// Fault::refused with `file:line: what is wrong`.
Result<toml::table> parse_toml(std::string_view text, std::string_view file);

} // namespace skep
