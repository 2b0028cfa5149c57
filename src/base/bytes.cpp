#include "base/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace skep {
namespace {

bool continues(std::string_view bytes,
               std::size_t at,
               unsigned char low = 0x80,
               unsigned char high = 0xbf) {
    if (at >= bytes.size()) return false;
    const auto c = static_cast<unsigned char>(bytes[at]);
    return c >= low && c <= high;
}

/// Second-byte ranges of RFC 3629 section 4.
std::size_t three_bytes(std::string_view bytes, unsigned char first) {
    const unsigned char low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned char high = first == 0xed ? 0x9f : 0xbf;
    return continues(bytes, 1, low, high) && continues(bytes, 2) ? 3 : 0;
}

std::size_t four_bytes(std::string_view bytes, unsigned char first) {
    const unsigned char low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xf4 ? 0x8f : 0xbf;
    return continues(bytes, 1, low, high) && continues(bytes, 2) && continues(bytes, 3) ? 4 : 0;
}

char32_t decode(std::string_view character) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
    switch (character.size()) {
    case 1: return byte(0);
    case 2: return (byte(0) & 0x1fU) << 6 | (byte(1) & 0x3fU);
    case 3: return (byte(0) & 0x0fU) << 12 | (byte(1) & 0x3fU) << 6 | (byte(2) & 0x3fU);
    default:
        return (byte(0) & 0x07U) << 18 | (byte(1) & 0x3fU) << 12 | (byte(2) & 0x3fU) << 6 |
               (byte(3) & 0x3fU);
    }
}

/// Characters that change how others are shown, or cannot be seen: C0, DEL, C1, soft hyphen, and
/// the format characters (Unicode category Cf, Zl, Zp) that reorder or hide text.
bool is_deceptive(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x061c || c == 0x180e ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe007f);
}

void append_escaped(std::string& out, unsigned char c) {
    switch (c) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '\\': out += "\\\\"; return;
    default: fmt::format_to(std::back_inserter(out), "\\x{:02x}", c);
    }
}

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

} // namespace

std::size_t utf8_length(std::string_view bytes) noexcept {
    if (bytes.empty()) return 0;
    const auto first = static_cast<unsigned char>(bytes[0]);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return continues(bytes, 1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) return three_bytes(bytes, first);
    if (first >= 0xf0 && first <= 0xf4) return four_bytes(bytes, first);
    return 0;
}

bool is_utf8(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const auto length = utf8_length(bytes);
        if (length == 0) return false;
        bytes.remove_prefix(length);
    }
    return true;
}

std::size_t utf8_unfinished(std::string_view bytes) noexcept {
    for (std::size_t count = 1; count <= std::min<std::size_t>(3, bytes.size()); ++count) {
        const auto tail = bytes.substr(bytes.size() - count);
        const auto first = static_cast<unsigned char>(tail[0]);
        if ((first & 0xc0U) == 0x80U) continue;
        const std::size_t whole = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
        if (whole <= count || first > 0xf4) return 0;
        // The second byte has a range of its own; 0x80, 0x90 and 0xa0 together meet each.
        for (const char second : {'\x80', '\x90', '\xa0'}) {
            std::array<char, 4> character{'\x80', second, '\x80', '\x80'};
            tail.copy(character.data(), count);
            if (utf8_length({character.data(), whole}) == whole) return count;
        }
        return 0;
    }
    return 0;
}

std::string to_utf8(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    while (!bytes.empty()) {
        const auto length = utf8_length(bytes);
        if (length == 0) out += "\xef\xbf\xbd";
        out += bytes.substr(0, length);
        bytes.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) noexcept {
    if (text.size() <= bytes_max) return text;
    auto end = bytes_max;
    // At most three continuation bytes belong to the character that would be cut.
    for (int back = 0;
         back < 3 && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U; ++back)
        --end;
    return text.substr(0, end);
}

std::string escape_line(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f && c != '\\')
            out += c;
        else
            append_escaped(out, byte);
    }
    return out;
}

std::string escape_text(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    while (!bytes.empty()) {
        const auto length = utf8_length(bytes);
        const auto character = bytes.substr(0, length == 0 ? 1 : length);
        if (length == 0 || (length == 1 && (is_deceptive(decode(character)) || character == "\\")))
            append_escaped(out, static_cast<unsigned char>(bytes[0]));
        else if (is_deceptive(decode(character)))
            fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}",
                           static_cast<unsigned>(decode(character)));
        else
            out += character;
        bytes.remove_prefix(character.size());
    }
    return out;
}

std::string to_lower(std::string_view text) {
    std::string lower{text};
    for (auto& byte : lower)
        byte = to_lower(byte);
    return lower;
}

std::string hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += digits[byte >> 4U];
        out += digits[byte & 15U];
    }
    return out;
}

std::string base64(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const auto left = std::min<std::size_t>(3, bytes.size() - at);
        unsigned group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8U | (i < left ? static_cast<unsigned char>(bytes[at + i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            out += i <= left ? base64_digits[group >> (18 - 6 * i) & 63U] : '=';
    }
    return out;
}

std::string from_base64(std::string_view text, bool& ok) {
    std::string out;
    ok = text.size() % 4 == 0;
    for (std::size_t at = 0; ok && at < text.size(); at += 4) {
        unsigned group = 0;
        std::size_t digits = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            const auto value = base64_digits.find(text[at + i]);
            if (value == std::string_view::npos) break;
            group |= static_cast<unsigned>(value) << (18 - 6 * i);
            ++digits;
        }
        const auto padding = text.substr(at + digits, 4 - digits);
        ok = digits >= 2 && padding == std::string_view{"=="}.substr(0, 4 - digits) &&
             (digits == 4 || at + 4 == text.size());
        for (std::size_t i = 0; ok && i + 1 < digits; ++i)
            out += static_cast<char>(group >> (16 - 8 * i) & 255U);
    }
    if (ok && base64(out) != text) ok = false;
    if (!ok) out.clear();
    return out;
}

bool matches_pattern(std::string_view pattern, std::string_view text) noexcept {
    std::size_t at = 0;
    std::size_t in_pattern = 0;
    std::size_t star = std::string_view::npos;
    std::size_t retry = 0;
    while (at < text.size()) {
        if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
            star = in_pattern++;
            retry = at;
        } else if (in_pattern < pattern.size() &&
                   (pattern[in_pattern] == '?' || pattern[in_pattern] == text[at])) {
            ++in_pattern;
            ++at;
        } else if (star != std::string_view::npos) {
            in_pattern = star + 1;
            at = ++retry;
        } else {
            return false;
        }
    }
    while (in_pattern < pattern.size() && pattern[in_pattern] == '*')
        ++in_pattern;
    return in_pattern == pattern.size();
}

} // namespace skep
