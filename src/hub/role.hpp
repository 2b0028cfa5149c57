// The hub's process.
#pragma once

#include "process/child.hpp"

namespace skep::hub {

/// Ingests the journal, keeps the store, serves the API and the dashboard. Returns when the
/// supervisor says stop (0), or when the store fails (1), to be started again.
int run(const process::RoleContext& context);

} // namespace skep::hub
