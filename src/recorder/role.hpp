// The process `recorder`.
#pragma once

#include "process/child.hpp"

namespace skep::recorder {

/// Runs until the supervisor says stop; returns the exit status.
int run(const process::RoleContext& context);

} // namespace skep::recorder
