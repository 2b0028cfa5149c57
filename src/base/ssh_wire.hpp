// SSH's data types (RFC 4251 section 5), for its messages and its keys.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace skep {

/// Builds a message or a blob.
class SshWriter {
  public:
    SshWriter() = default;

    /// Begins with the number of a message.
    template <class Type>
        requires std::is_enum_v<Type>
    explicit SshWriter(Type type) {
        u8(static_cast<std::uint8_t>(type));
    }

    SshWriter& u8(std::uint8_t value);

    SshWriter& boolean(bool value) { return u8(value ? 1 : 0); }

    SshWriter& u32(std::uint32_t value);
    SshWriter& string(std::string_view value);
    /// A non-negative integer from its big-endian bytes (leading zeros allowed).
    SshWriter& mpint(std::string_view magnitude);
    SshWriter& raw(std::string_view bytes);

    const std::string& bytes() const& noexcept { return out_; }

    std::string take() && { return std::move(out_); }

  private:
    std::string out_;
};

/// Reads a message or a blob without copying: strings are views into it. After the first bad read
/// every further value is zero or empty and ok() is false.
class SshReader {
  public:
    explicit SshReader(std::string_view bytes) : left_{bytes} {}

    std::uint8_t u8();

    /// Any non-zero byte is true (RFC 4251 section 5).
    bool boolean() { return u8() != 0; }

    std::uint32_t u32();
    std::string_view string();
    /// OpenSSH's sshbuf_get_cstring (9.2p1): one NUL at its very end is dropped, any other is bad.
    std::string_view cstring();
    /// As mpint_magnitude.
    std::string_view mpint();
    std::string_view raw(std::size_t count);
    /// All that is left.
    std::string_view rest();

    bool ok() const noexcept { return !broken_; }

    /// Everything was read and nothing is left.
    bool done() const noexcept { return !broken_ && left_.empty(); }

    std::size_t left() const noexcept { return left_.size(); }

  private:
    std::string_view break_off();

    std::string_view left_;
    bool broken_ = false;
};

/// The number in an mpint's bytes, without leading zeros, as OpenSSH's sshbuf_get_bignum2 takes it
/// (9.2p1): Fault::malformed if it is negative or has more than 16,384 bits.
Result<std::string_view> mpint_magnitude(std::string_view mpint);

} // namespace skep
