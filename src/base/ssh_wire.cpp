#include "base/ssh_wire.hpp"

#include <algorithm>

namespace skep {

SshWriter& SshWriter::u8(std::uint8_t value) {
    out_ += static_cast<char>(value);
    return *this;
}

SshWriter& SshWriter::u32(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
        out_ += static_cast<char>(value >> shift);
    return *this;
}

SshWriter& SshWriter::string(std::string_view value) {
    u32(static_cast<std::uint32_t>(value.size()));
    out_ += value;
    return *this;
}

SshWriter& SshWriter::mpint(std::string_view magnitude) {
    while (!magnitude.empty() && magnitude.front() == 0)
        magnitude.remove_prefix(1);
    // RFC 4251 section 5: "If the most significant bit would be set for a positive number, the
    // number MUST be preceded by a zero byte."
    const bool pad = !magnitude.empty() && (static_cast<std::uint8_t>(magnitude.front()) & 0x80U);
    u32(static_cast<std::uint32_t>(magnitude.size() + (pad ? 1 : 0)));
    if (pad) out_ += '\0';
    out_ += magnitude;
    return *this;
}

SshWriter& SshWriter::raw(std::string_view bytes) {
    out_ += bytes;
    return *this;
}

std::string_view SshReader::break_off() {
    broken_ = true;
    left_ = {};
    return {};
}

std::string_view SshReader::raw(std::size_t count) {
    if (broken_ || count > left_.size()) return break_off();
    const auto bytes = left_.substr(0, count);
    left_.remove_prefix(count);
    return bytes;
}

std::uint8_t SshReader::u8() {
    const auto bytes = raw(1);
    return bytes.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(bytes.front());
}

std::uint32_t SshReader::u32() {
    std::uint32_t value = 0;
    for (const char byte : raw(4))
        value = value << 8U | static_cast<std::uint8_t>(byte);
    return value;
}

std::string_view SshReader::string() {
    const auto length = u32();
    return raw(length);
}

std::string_view SshReader::cstring() {
    auto text = string();
    if (text.ends_with('\0')) text.remove_suffix(1);
    return text.contains('\0') ? break_off() : text;
}

std::string_view SshReader::mpint() {
    const auto number = mpint_magnitude(string());
    return number ? *number : break_off();
}

std::string_view SshReader::rest() {
    return raw(left_.size());
}

Result<std::string_view> mpint_magnitude(std::string_view mpint) {
    constexpr std::size_t number_bytes_max = 16'384 / 8; // SSHBUF_MAX_BIGNUM
    if (!mpint.empty() && (static_cast<std::uint8_t>(mpint.front()) & 0x80U) != 0)
        return fail(Fault::malformed, "negative number");
    if (mpint.size() > number_bytes_max + (mpint.starts_with('\0') ? 1 : 0))
        return fail(Fault::malformed, "number too large");
    mpint.remove_prefix(std::min(mpint.find_first_not_of('\0'), mpint.size()));
    return mpint;
}

} // namespace skep
