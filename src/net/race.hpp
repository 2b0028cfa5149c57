// Two coroutines of which the first to end decides.
#pragma once

#include "base/result.hpp"
#include "base/task.hpp"

namespace skep::net {

/// Runs both until one ends, cancels the other, waits for it, and returns what the first returned.
/// An exception of the first is thrown on. Costs about 3 KB while it runs: not for idle
/// connections.
Task<Result<void>> first_of(Task<Result<void>> one, Task<Result<void>> other);

} // namespace skep::net
