// The name of a cell: a directory below `cells/`, and what operators call it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace skep::cell {

constexpr std::size_t cell_id_digits = 16; ///< Of the SHA-256 of who shares it and its persona.

constexpr bool is_cell_id(std::string_view text) {
    return text.size() == cell_id_digits && std::ranges::all_of(text, [](char digit) {
               return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
           });
}

} // namespace skep::cell
