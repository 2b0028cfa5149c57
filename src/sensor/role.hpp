// The sensor process.
#pragma once

#include "process/child.hpp"

namespace skep::sensor {

/// Runs until it is told to stop. Exit status 0, or 1 with a line on standard error if it could not
/// start.
int run(const process::RoleContext& context);

} // namespace skep::sensor
