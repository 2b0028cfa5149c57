// One line of Cowrie's JSON log as an event of ours.
#pragma once

#include "event/event.hpp"

#include <string_view>

namespace skep::hub {

/// Field names stay Cowrie's; what it writes in more than one way becomes one:
/// - `cowrie.` goes from the front of the eventid; a file that was downloaded or uploaded with its
///   digest is `file.captured` with `reason` download or upload;
/// - `duration` (seconds, number or text) becomes `duration_ms`; `filename` also `destfile`;
///   `option_byte` also `option`; `id` (of a channel) becomes `channel`;
/// - bytes in Python's notation (`version`, `data`) become those bytes, and half surrogates in its
///   texts the bytes that they stand for (PEP 383).
/// Everything else is kept as it is, also what we do not know. The id is made of the time and the
/// whole line, so that the same line always gives the same event.
///
/// Fault::malformed with the reason for a line that is no JSON object with eventid and timestamp.
Result<event::Event> from_cowrie(std::string_view line);

} // namespace skep::hub
