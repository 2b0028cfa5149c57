// The process that keeps one cell: starts it, answers its calls, traces it, and tells the broker.
#pragma once

#include "base/result.hpp"
#include "cell/plan.hpp"
#include "cell/programs.hpp"
#include "process/descriptor.hpp"

namespace skep::cell {

/// Runs until the broker is gone or says stop, or the cell's process 1 has ended. Called in a
/// process of its own that was forked by the launcher; the working directory is the state
/// directory. Returns its exit status.
int run_supervisor(const CellPlan& plan, const ProgramTable& programs, process::Descriptor broker);

} // namespace skep::cell
