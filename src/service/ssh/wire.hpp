// SSH's data types (RFC 4251 section 5).
#pragma once

#include "service/ssh/numbers.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace skep::service::ssh {

/// Builds a payload.
class Writer {
  public:
    Writer() = default;

    explicit Writer(Msg type) { u8(static_cast<std::uint8_t>(type)); }

    Writer& u8(std::uint8_t value);

    Writer& boolean(bool value) { return u8(value ? 1 : 0); }

    Writer& u32(std::uint32_t value);
    Writer& string(std::string_view value);
    /// A non-negative integer from its big-endian bytes (leading zeros allowed).
    Writer& mpint(std::string_view magnitude);
    Writer& raw(std::string_view bytes);

    const std::string& bytes() const& noexcept { return out_; }

    std::string take() && { return std::move(out_); }

  private:
    std::string out_;
};

/// Reads a payload without copying: strings are views into it. After the first short read every
/// further value is zero or empty and ok() is false.
class Reader {
  public:
    explicit Reader(std::string_view bytes) : left_{bytes} {}

    std::uint8_t u8();

    /// Any non-zero byte is true (RFC 4251 section 5).
    bool boolean() { return u8() != 0; }

    std::uint32_t u32();
    std::string_view string();
    std::string_view raw(std::size_t count);
    /// All that is left.
    std::string_view rest();

    bool ok() const noexcept { return !broken_; }

    /// Everything was read and nothing is left.
    bool done() const noexcept { return !broken_ && left_.empty(); }

    std::size_t left() const noexcept { return left_.size(); }

  private:
    std::string_view left_;
    bool broken_ = false;
};

} // namespace skep::service::ssh
