// The little-endian fields of messages between our processes. A taken-over sender may write
// anything, so every read is checked and no allocation follows a length that the bytes do not hold.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace skep {

class WireWriter {
  public:
    WireWriter& u8(std::uint8_t value);
    WireWriter& u32(std::uint32_t value);
    WireWriter& u64(std::uint64_t value);
    /// A u32 length, then the bytes.
    WireWriter& bytes(std::string_view value);

    std::string take() && { return std::move(out_); }

  private:
    std::string out_;
};

/// Reads what WireWriter wrote. After the first short read every further value is zero or empty and
/// `finish` reports Fault::malformed, so that a message is decoded first and judged once.
class WireReader {
  public:
    explicit WireReader(std::string_view bytes) : left_{bytes} {}

    std::uint8_t u8();
    std::uint32_t u32();
    std::uint64_t u64();
    std::string bytes();

    /// Fault::malformed if anything was missing or is left over.
    Result<void> finish() const;

  private:
    std::string_view take(std::size_t count);

    std::string_view left_;
    bool broken_ = false;
};

} // namespace skep
