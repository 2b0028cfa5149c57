#include "service/ssh/wire.hpp"

namespace skep::service::ssh {

Writer& Writer::u8(std::uint8_t value) {
    out_ += static_cast<char>(value);
    return *this;
}

Writer& Writer::u32(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
        out_ += static_cast<char>(value >> shift);
    return *this;
}

Writer& Writer::string(std::string_view value) {
    u32(static_cast<std::uint32_t>(value.size()));
    out_ += value;
    return *this;
}

Writer& Writer::mpint(std::string_view magnitude) {
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

Writer& Writer::raw(std::string_view bytes) {
    out_ += bytes;
    return *this;
}

std::string_view Reader::raw(std::size_t count) {
    if (broken_ || count > left_.size()) {
        broken_ = true;
        left_ = {};
        return {};
    }
    const auto bytes = left_.substr(0, count);
    left_.remove_prefix(count);
    return bytes;
}

std::uint8_t Reader::u8() {
    const auto bytes = raw(1);
    return bytes.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(bytes.front());
}

std::uint32_t Reader::u32() {
    std::uint32_t value = 0;
    for (const char byte : raw(4))
        value = value << 8U | static_cast<std::uint8_t>(byte);
    return value;
}

std::string_view Reader::string() {
    const auto length = u32();
    return raw(length);
}

std::string_view Reader::rest() {
    return raw(left_.size());
}

} // namespace skep::service::ssh
