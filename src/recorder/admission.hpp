// What a peer's event must look like before it is written: the one place where a process that may
// have been taken over meets the journal.
#pragma once

#include "event/event.hpp"

#include <string>
#include <string_view>

namespace skep::recorder {

/// Parses what a peer sent and checks it: an id and an eventid of plain characters, names that are
/// words, no member that belongs to the journal's frame. Adds `sensor` if it is absent.
/// Fault::malformed otherwise.
Result<event::Event> admit_event(std::string_view json, const std::string& sensor);

} // namespace skep::recorder
