// The traces that a login leaves in a cell, and what it prints before the shell.
#pragma once

#include "cell/standalone/program.hpp"

namespace skep::cell_init {

/// In the program's process, as root, its output in place: the entries of utmp, wtmp and lastlog
/// for a login on a terminal, where the image has these files, and sshd's messages of a login
/// shell.
void greet(const Program& program);

/// The end of what `greet` wrote into utmp and wtmp; `ssh`: by OpenSSH.
void record_logout(const char* line, bool ssh, pid_t pid);

} // namespace skep::cell_init
