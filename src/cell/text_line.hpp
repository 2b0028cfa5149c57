// Lines of a text in memory.
#pragma once

#include <algorithm>
#include <string_view>

namespace skep::cell {

/// Takes the next line off `text`, without its LF.
inline std::string_view take_line(std::string_view& text) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

} // namespace skep::cell
