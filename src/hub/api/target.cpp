#include "hub/api/target.hpp"

#include "base/bytes.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace skep::hub::api {
namespace {

constexpr std::size_t session_name_bytes_max = 64;
constexpr Micros second = 1'000'000;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

unsigned hex_value(char c) {
    if (is_digit(c)) return static_cast<unsigned>(c - '0');
    return static_cast<unsigned>((c | 0x20) - 'a' + 10);
}

Result<std::string> decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2]))
                return fail(Fault::malformed, "a wrong % escape");
            out += static_cast<char>(hex_value(text[i + 1]) << 4U | hex_value(text[i + 2]));
            i += 2;
        }
    }
    return out;
}

/// Removes and returns what stands in front of `separator`, or everything.
std::string_view take(std::string_view& text, char separator) {
    const auto at = text.find(separator);
    const auto part = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
    return part;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return value;
}

Result<Micros> before(std::string_view text, Micros now) {
    const auto unit = text.back();
    const auto count = whole_number(text.substr(1, text.size() - 2));
    const Micros factor = unit == 's'   ? second
                          : unit == 'm' ? 60 * second
                          : unit == 'h' ? 3600 * second
                          : unit == 'd' ? 86400 * second
                                        : 0;
    if (!count || *count < 0 || factor == 0 ||
        *count > std::numeric_limits<Micros>::max() / factor / 2)
        return fail(Fault::malformed, "a time is like -60m, -24h, -7d");
    return now - *count * factor;
}

bool is_ipv4(std::string_view text) {
    int parts = 0;
    while (!text.empty()) {
        const auto part = take(text, '.');
        const auto value = whole_number(part);
        if (part.empty() || part.size() > 3 || !is_digit(part[0]) || !value || *value > 255)
            return false;
        ++parts;
    }
    return parts == 4;
}

/// In brackets. Which of all the forms it is does not matter: no name contains a colon.
bool is_ipv6(std::string_view text) {
    if (!text.starts_with('[') || !text.ends_with(']')) return false;
    return std::ranges::all_of(text.substr(1, text.size() - 2),
                               [](char c) { return is_hex(c) || c == ':' || c == '.'; });
}

std::string_view without_port(std::string_view host) {
    const auto colon = host.rfind(':');
    if (colon == std::string_view::npos || host.ends_with(']')) return host;
    return std::ranges::all_of(host.substr(colon + 1), is_digit) ? host.substr(0, colon) : host;
}

bool same_name(std::string_view a, std::string_view b) {
    return to_lower(a) == to_lower(b);
}

} // namespace

Result<Target> parse_target(std::string_view target) {
    if (!target.starts_with('/')) return fail(Fault::malformed, "a target begins with /");
    Target parsed;
    parsed.path = take(target, '?');
    std::size_t count = 0;
    while (!target.empty()) {
        auto value = take(target, '&');
        if (value.empty()) continue;
        if (++count > parameters_max) return fail(Fault::malformed, "too many parameters");
        TRY(auto name, decode(take(value, '=')));
        TRY(auto decoded, decode(value));
        parsed.query.try_emplace(std::move(name), std::move(decoded));
    }
    return parsed;
}

Result<Micros> parse_time(std::string_view text, Micros now) {
    if (text == "now") return now;
    if (text.size() >= 3 && text.starts_with('-')) return before(text, now);
    if (!text.empty() && text.size() <= 11 && std::ranges::all_of(text, is_digit))
        return *whole_number(text) * second;
    return parse_iso8601(text);
}

bool is_own_host(std::string_view host, std::span<const std::string> names) {
    const auto name = without_port(host);
    if (same_name(name, "localhost") || is_ipv4(name) || is_ipv6(name)) return true;
    return std::ranges::any_of(names, [&](const auto& own) { return same_name(own, name); });
}

bool is_own_origin(std::string_view origin, std::string_view host) {
    if (origin.empty()) return true;
    for (const std::string_view scheme : {"http://", "https://"})
        if (origin.starts_with(scheme)) return same_name(origin.substr(scheme.size()), host);
    return false;
}

std::string_view cookie(std::string_view field, std::string_view name) {
    while (!field.empty()) {
        auto value = take(field, ';');
        while (value.starts_with(' '))
            value.remove_prefix(1);
        if (take(value, '=') == name) return value;
    }
    return {};
}

bool is_session_name(std::string_view text) {
    return !text.empty() && text.size() <= session_name_bytes_max &&
           std::ranges::all_of(text, [](char c) {
               return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                      c == '_';
           });
}

bool is_shasum(std::string_view text) {
    constexpr std::size_t digits = 64;
    return text.size() == digits &&
           std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

} // namespace skep::hub::api
