// What stands between process 1 and a session's shell on a real machine.
#pragma once

#include "cell/standalone/program.hpp"

namespace skep::cell_init {

/// In a child of process 1: stays as sshd's, login's or telnetd's process, ends as its child ends,
/// and returns only in that child, or in the innermost one where there are several. The supervisor
/// gives these processes their names.
void stand_above(const Program& program);

} // namespace skep::cell_init
