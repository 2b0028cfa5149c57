// The checksum of journal lines (CRC-32 of ISO 3309, as zlib and PNG have it).
#pragma once

#include <cstdint>
#include <string_view>

namespace skep {

std::uint32_t crc32(std::string_view bytes) noexcept;

} // namespace skep
