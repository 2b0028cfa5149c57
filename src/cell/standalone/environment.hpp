// The variables that a session's first program starts with.
#pragma once

#include "cell/standalone/program.hpp"

namespace skep::cell_init {

/// As the program's server hands them down: login(1) of Debian or BusyBox, sshd or dropbear. The
/// result is static.
char** make_environment(const Program& program);

} // namespace skep::cell_init
