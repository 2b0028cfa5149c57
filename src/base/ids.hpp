// Identifiers that sort by time.
#pragma once

#include "base/time.hpp"

#include <array>
#include <string>

namespace skep {

/// A UUID of version 7 (RFC 9562 section 5.7) as 36 lower-case characters; 74 random bits.
std::string uuid7(Micros time);

/// A UUIDv7-shaped id whose random part is `digest`'s first 10 bytes: the same line imported twice
/// gets the same id. `digest` must hold at least 10 bytes.
std::string uuid7_from(Micros time, std::string_view digest);

/// A session's name in events: 12 hexadecimal digits of milliseconds, then 8 random ones. The time
/// in front lets a store find a session's day without an index.
std::string session_id(Micros time);
inline constexpr std::size_t session_id_bytes = 20;

/// The time inside a session_id or uuid7; nullopt-like -1 for any other text (Cowrie's ids are
/// random).
Micros id_time(std::string_view id) noexcept;

} // namespace skep
