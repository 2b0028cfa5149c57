// Wall-clock time as events carry it: microseconds since 1970 in UTC.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>

namespace skep {

/// Microseconds since 1970-01-01 00:00 UTC.
using Micros = std::int64_t;

/// Time as code under test sees it: handed in, so that tests advance it.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual Micros now() const = 0;
};

/// The system's wall clock (CLOCK_REALTIME).
const Clock& system_clock() noexcept;

/// `2026-11-24T10:30:00.123456Z`, the form of Cowrie's `timestamp`.
std::string iso8601(Micros time);

/// Reads `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM|±HHMM|nothing, meaning UTC)`; Fault::malformed
/// otherwise.
Result<Micros> parse_iso8601(std::string_view text);

} // namespace skep
