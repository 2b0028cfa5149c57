#include "base/toml.hpp"

#include <fmt/format.h>

namespace skep {
namespace {

constexpr std::string_view blank = " \t";

bool starts_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '"' || c == '\'' || c == ']';
}

std::string_view without_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(blank);
    return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

/// The number of the first line whose `[` or `[[` is not followed by a name, 0 if there is none:
/// parse_key of toml++ 3.2 asserts there instead of reporting (`[[[`, `[.a]`, `[[=`).
std::size_t line_of_nameless_table(std::string_view toml) noexcept {
    for (std::size_t number = 1; !toml.empty(); ++number) {
        const auto end = toml.find('\n');
        auto line = without_blanks(toml.substr(0, end));
        toml = end == std::string_view::npos ? std::string_view{} : toml.substr(end + 1);
        if (!line.starts_with('[')) continue;
        line.remove_prefix(line.starts_with("[[") ? 2 : 1);
        line = without_blanks(line);
        if (line.empty() || !starts_name(line.front())) return number;
    }
    return 0;
}

} // namespace

Result<toml::table> parse_toml(std::string_view text, std::string_view file) {
    if (const auto line = line_of_nameless_table(text); line != 0)
        return fail(Fault::refused,
                    fmt::format("{}:{}: a table's name must follow its `[`", file, line));
    auto parsed = toml::parse(text);
    if (!parsed)
        return fail(Fault::refused,
                    fmt::format("{}:{}: {}", file, parsed.error().source().begin.line,
                                parsed.error().description()));
    return std::move(parsed).table();
}

} // namespace skep
