// Which events somebody asked for, and one as a line that people read.
#pragma once

#include "event/event.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace skep::event {

/// What an event must be; what is empty or absent matches all.
struct Filter {
    std::string eventid; ///< Exact, or the start of one that ends with a dot: `login.`.
    std::string session;
    std::string src_ip;
    std::string text;            ///< Bytes that one of the texts must contain.
    std::optional<Micros> since; ///< Included.
    std::optional<Micros> until; ///< Excluded.

    bool matches(const Event& event) const;
};

/// A point in time as people give it: `now`, `-90s`, `-15m`, `-24h`, `-7d`, seconds since 1970, or
/// ISO 8601 (a day alone is its midnight in UTC).
Result<Micros> parse_when(std::string_view text, Micros now);

/// Whether a line has colours for a terminal.
enum class Colour : bool { no, yes };

/// One line without its end: time, eventid, source, session, then the values. Attackers' bytes are
/// escaped, long texts cut: harmless on any terminal.
std::string to_line(const Event& event, Colour colour);

} // namespace skep::event
