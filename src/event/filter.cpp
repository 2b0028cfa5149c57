#include "event/filter.hpp"

#include "base/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace skep::event {
namespace {

constexpr Micros second = 1'000'000;
constexpr std::int64_t seconds_max = 10'000'000'000; // the year 2286
constexpr std::size_t shown_bytes_max = 300;

constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view plain = "\x1b[0m";

bool contains(const Value& value, std::string_view text) {
    if (const auto* bytes = std::get_if<std::string>(&value))
        return bytes->find(text) != std::string::npos;
    const auto* list = std::get_if<std::vector<std::string>>(&value);
    return list != nullptr && std::ranges::any_of(*list, [&](const std::string& entry) {
               return entry.find(text) != std::string::npos;
           });
}

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(text.begin(), text.end(), value);
    if (text.empty() || error != std::errc{} || stop != text.end()) return std::nullopt;
    return value;
}

std::int64_t seconds_of(char unit) {
    switch (unit) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 3600;
    case 'd': return 86'400;
    default: return 0;
    }
}

std::string shown(std::string_view bytes) {
    const auto kept = utf8_prefix(bytes, shown_bytes_max);
    auto text = escape_text(kept);
    if (kept.size() != bytes.size()) text += "...";
    if (!text.empty() && text.find_first_of(" \"=") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

struct Shown {
    std::string operator()(const std::string& text) const { return shown(text); }

    std::string operator()(std::int64_t number) const { return std::to_string(number); }

    std::string operator()(double number) const { return fmt::format("{}", number); }

    std::string operator()(bool flag) const { return flag ? "yes" : "no"; }

    std::string operator()(const Raw& raw) const { return shown(raw.json); }

    std::string operator()(const std::vector<std::string>& list) const {
        std::string text = "[";
        for (const auto& entry : list) {
            if (text.size() > shown_bytes_max) return text + " ...]";
            if (text.size() > 1) text += ' ';
            text += shown(entry);
        }
        return text + ']';
    }
};

std::string_view colour_of(std::string_view eventid) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> rows{{
        {"login.success", "\x1b[1;32m"},
        {"login.", "\x1b[33m"},
        {"command.", "\x1b[1;36m"},
        {"process.", "\x1b[36m"},
        {"file.", "\x1b[1;35m"},
        {"skep.", "\x1b[31m"},
        {"session.", "\x1b[34m"},
    }};
    const auto* row = std::ranges::find_if(
        rows, [&](const auto& entry) { return eventid.starts_with(entry.first); });
    return row == rows.end() ? std::string_view{} : row->second;
}

} // namespace

bool Filter::matches(const Event& event) const {
    const bool group = eventid.ends_with('.');
    if (!eventid.empty() &&
        !(group ? event.eventid().starts_with(eventid) : event.eventid() == eventid))
        return false;
    if (!session.empty() && event.text_of("session") != session) return false;
    if (!src_ip.empty() && event.text_of("src_ip") != src_ip) return false;
    if (since && event.time() < *since) return false;
    if (until && event.time() >= *until) return false;
    return text.empty() || std::ranges::any_of(event.values(), [&](const auto& entry) {
               return contains(entry.second, text);
           });
}

Result<Micros> parse_when(std::string_view text, Micros now) {
    if (text == "now") return now;
    if (text.size() > 2 && text.starts_with('-')) {
        const auto count = whole_number(text.substr(1, text.size() - 2));
        const auto unit = seconds_of(text.back());
        if (count && *count >= 0 && unit != 0 && *count <= seconds_max / unit)
            return now - *count * unit * second;
    } else if (const auto number = whole_number(text);
               number && *number >= 0 && *number <= seconds_max) {
        return *number * second;
    } else if (text.size() == 10) {
        if (auto day = parse_iso8601(std::string{text} + "T00:00:00")) return day;
    } else if (auto time = parse_iso8601(text)) {
        return time;
    }
    return fail(Fault::malformed,
                fmt::format("`{}` is no time; right are -15m, -24h, -7d, now, 1795516200, "
                            "2026-11-24 and 2026-11-24T10:30:00Z",
                            escape_text(text)));
}

std::string to_line(const Event& event, Colour colour) {
    const bool coloured = colour == Colour::yes;
    const auto paint = [&](std::string_view code, const std::string& text) {
        return coloured && !code.empty() ? fmt::format("{}{}{}", code, text, plain) : text;
    };
    const auto column = [](std::string_view value) {
        return value.empty() ? std::string{"-"} : shown(value);
    };
    std::string line = paint(dim, iso8601(event.time()));
    line += ' ' + paint(colour_of(event.eventid()), fmt::format("{:<16}", shown(event.eventid())));
    line += fmt::format(" {:<15} {:<20}", column(event.text_of("src_ip")),
                        column(event.text_of("session")));
    for (const auto& [name, value] : event.values()) {
        if (name == "sensor" || name == "session" || name == "src_ip") continue;
        line += ' ' + paint(dim, shown(name) + '=') + std::visit(Shown{}, value);
    }
    return line;
}

} // namespace skep::event
