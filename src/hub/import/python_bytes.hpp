// Python's way of writing bytes in text, which Cowrie's logs contain: b'SSH-2.0-Go\r\n'.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skep::hub {

/// The bytes that `repr()` has written as `text`, or nothing if it is no whole bytes literal.
std::optional<std::string> from_python_bytes(std::string_view text);

} // namespace skep::hub
