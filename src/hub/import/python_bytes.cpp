#include "hub/import/python_bytes.hpp"

#include <algorithm>
#include <charconv>

namespace skep::hub {
namespace {

/// One escape behind its backslash; removes what it used. Nothing for one that repr() never writes.
std::optional<char> take_escape(std::string_view& text) {
    if (text.empty()) return std::nullopt;
    const char kind = text.front();
    text.remove_prefix(1);
    switch (kind) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case '\\':
    case '\'':
    case '"': return kind;
    case 'x': break;
    default: return std::nullopt;
    }
    if (text.size() < 2) return std::nullopt;
    unsigned value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + 2, value, 16);
    if (error != std::errc{} || stop != text.data() + 2) return std::nullopt;
    text.remove_prefix(2);
    return static_cast<char>(value);
}

} // namespace

std::optional<std::string> from_python_bytes(std::string_view text) {
    if (text.size() < 3 || text[0] != 'b' || (text[1] != '\'' && text[1] != '"') ||
        text.back() != text[1])
        return std::nullopt;
    const char quote = text[1];
    text = text.substr(2, text.size() - 3);
    std::string bytes;
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        const auto byte = static_cast<unsigned char>(c);
        if (c == quote || byte < 0x20 || byte > 0x7e) return std::nullopt;
        if (c != '\\') {
            bytes += c;
            continue;
        }
        const auto escaped = take_escape(text);
        if (!escaped) return std::nullopt;
        bytes += *escaped;
    }
    return bytes;
}

} // namespace skep::hub
