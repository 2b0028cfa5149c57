// Digests by name, for protocols that choose one at run time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace skep::crypto {

enum class Hash : std::uint8_t { md5, sha1, sha256, sha384, sha512 };

/// Bytes of its result.
std::size_t size_of(Hash hash) noexcept;

/// The raw digest of one piece.
std::string digest(Hash hash, std::string_view bytes);

/// Whether both are equal, in time that depends on the length alone.
bool equal_in_constant_time(std::string_view left, std::string_view right) noexcept;

/// Overwrites secret bytes before they are freed, so that the compiler cannot leave it out.
void wipe(std::string& secret) noexcept;

} // namespace skep::crypto
