// Attackers' bytes as text: validation, and the escapes that make them safe to show.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace skep {

/// How many bytes at the start of `bytes` are one well-formed UTF-8 character (RFC 3629 section 4),
/// 0 if none: overlong forms, surrogates and truncated sequences do not count.
std::size_t utf8_length(std::string_view bytes) noexcept;

bool is_utf8(std::string_view bytes) noexcept;

/// How many bytes at the end of `bytes`, at most 3, are the start of a character that further bytes
/// could complete.
std::size_t utf8_unfinished(std::string_view bytes) noexcept;

/// `bytes` with every byte that is not part of well-formed UTF-8 replaced by U+FFFD.
std::string to_utf8(std::string_view bytes);

/// The longest prefix of at most `bytes_max` bytes that does not cut a UTF-8 character.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) noexcept;

/// One line that a terminal or a log shows harmlessly: printable ASCII stays, everything else, and
/// the backslash, becomes \n, \r, \t, \\ or \xNN. Injective, so that the bytes can be told from the
/// text.
std::string escape_line(std::string_view bytes);

/// As escape_line, but keeps printable non-ASCII characters; C0, C1, bidirectional marks and other
/// invisible format characters are escaped as \u{N}.
std::string escape_text(std::string_view bytes);

/// ASCII letters only, whatever the locale.
constexpr char to_lower(char byte) noexcept {
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

std::string to_lower(std::string_view text);

std::string hex(std::string_view bytes);

std::string base64(std::string_view bytes);

/// The bytes, or nullopt-like empty flag: `ok` is false for anything that is not canonical base64.
std::string from_base64(std::string_view text, bool& ok);

/// Shell-style match of a whole text: `*` any bytes, `?` one byte. Linear in the text for each `*`.
bool matches_pattern(std::string_view pattern, std::string_view text) noexcept;

} // namespace skep
