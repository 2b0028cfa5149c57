// Hexadecimal constants of the tests in this folder.
#pragma once

#include <string>
#include <string_view>

namespace skep::crypto {

inline std::string unhex(std::string_view digits) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes += static_cast<char>(std::stoi(std::string{digits.substr(i, 2)}, nullptr, 16));
    return bytes;
}

} // namespace skep::crypto
