// The shape of the store: one table of events in the order of their arrival, and how far each part
// of the journal has come.
#pragma once

#include "event/schema.hpp"

#include <span>
#include <string>
#include <string_view>

namespace skep::hub::store {

/// Raised when a table changes: a store of another version is rebuilt from the journal.
constexpr int schema_version = 1;

struct Column {
    std::string_view name; ///< Also the field's.
    event::Kind kind;      ///< text or number.
};

/// Columns of `events` that hold fields, in their order behind seq, ts, id and eventid. `extra`
/// (JSON) is last.
std::span<const Column> columns() noexcept;

/// The statements that make an empty store.
std::span<const std::string_view> create_statements();

/// `seq, ts, id, eventid, ..., extra`: what StoredEvent is read from.
const std::string& event_columns();

} // namespace skep::hub::store
