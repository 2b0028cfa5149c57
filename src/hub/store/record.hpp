// One event as a row of the store, and back, without losing a byte.
#pragma once

#include "event/event.hpp"
#include "hub/store/duck.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace skep::hub::store {

/// A row of `events` on its way into the store.
struct Record {
    std::int64_t seq = 0; ///< Order of arrival, given by Writer::add; 0 if it was there already.
    Micros time = 0;
    std::string id;
    std::string eventid;
    std::vector<Cell> values; ///< One for each of columns().
    Cell extra;               ///< JSON object of all other members, or NULL.
};

/// Text that is not UTF-8 becomes text with U+FFFD in its column and `NAME_b64` in `extra`; a value
/// of another type than its column's goes to `extra` as it is.
Record to_record(const event::Event& event);

/// The JSON that event::to_json would write, fields with a column first, of a row of
/// event_columns().
std::string to_json(const Row& row);

} // namespace skep::hub::store
