// Keeps from toml++ 3.2 what makes it abort.
#pragma once

#include <cstddef>
#include <string_view>

namespace skep {

/// The number of the first line whose `[` or `[[` is not followed by a name, 0 if there is none.
/// toml++'s parse_key asserts there instead of reporting: `[[[`, `[.a]`, `[[=`.
std::size_t line_of_nameless_table(std::string_view toml) noexcept;

} // namespace skep
