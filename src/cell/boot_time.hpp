// When a cell's machine was started last, if an attacker has restarted it.
#pragma once

#include <cstdint>
#include <string>

namespace skep::cell {

/// Seconds since 1970 from the state directory's `cells/ID/boot`; 0 if the cell was never
/// restarted.
std::int64_t read_boot_time(const std::string& id);

void write_boot_time(const std::string& id, std::int64_t seconds);

} // namespace skep::cell
