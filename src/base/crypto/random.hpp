// Randomness that a peer may see.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace skep::crypto {

/// `count` bytes from OpenSSL's generator. Ends the process if the system has no randomness:
/// nothing could be safe then.
std::string random_bytes(std::size_t count);

/// A uniform number from 0 to `below` - 1; `below` must not be 0.
std::uint64_t random_below(std::uint64_t below);

} // namespace skep::crypto
