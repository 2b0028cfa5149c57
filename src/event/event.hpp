// What attackers did, as data: one Event is one line of the journal.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace skep::event {

/// JSON of a value that has no simple type (only in imported events), kept as it was.
struct Raw {
    std::string json;

    bool operator==(const Raw&) const = default;
};

/// Text is bytes as the peer sent them: any bytes, NUL included.
using Value = std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>, Raw>;

/// One event: an eventid, a time, and named values in the order in which they were set.
///
/// Copyable data; the names are those of events.def. A constructor, not an aggregate: see the
/// style's co_await rule.
class Event {
  public:
    /// Makes an event that happens at `time` with a new UUIDv7 as `id`.
    Event(std::string_view eventid, Micros time);

    /// Makes an event with a known id (an imported or re-read one).
    Event(std::string_view eventid, Micros time, std::string id);

    const std::string& id() const noexcept { return id_; }

    const std::string& eventid() const noexcept { return eventid_; }

    Micros time() const noexcept { return time_; }

    /// Sets or replaces one value. `id`, `eventid` and `timestamp` are not values and are ignored
    /// here.
    Event& set(std::string_view name, Value value);

    /// Convenience for the common types, so that a literal is text and every integer a number.
    Event& text(std::string_view name, std::string_view bytes);
    Event& number(std::string_view name, std::int64_t value);

    /// The value, or null.
    const Value* find(std::string_view name) const noexcept;

    /// The text value; empty if absent or of another type.
    std::string_view text_of(std::string_view name) const noexcept;

    /// The number value, or `otherwise`.
    std::int64_t number_of(std::string_view name, std::int64_t otherwise = 0) const noexcept;

    const std::vector<std::pair<std::string, Value>>& values() const noexcept { return values_; }

  private:
    std::string id_;
    std::string eventid_;
    Micros time_;
    std::vector<std::pair<std::string, Value>> values_;
};

/// Cuts every text and list entry to at most `bytes_max` bytes and sets `truncated` if anything was
/// cut.
void limit_texts(Event& event, std::size_t bytes_max);

/// One line of JSON without its end, `id`, `eventid` and `timestamp` first.
///
/// Text that is not UTF-8 is written with U+FFFD for each wrong byte, and beside it `NAME_b64`
/// holds the exact bytes, so that every reader gets text and nothing is lost.
std::string to_json(const Event& event);

/// Reads one line of to_json; Fault::malformed if it is not an object with the three leading
/// members. Members of a type that no Value has are kept as Raw.
Result<Event> from_json(std::string_view line);

} // namespace skep::event
