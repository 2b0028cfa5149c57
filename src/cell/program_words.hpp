// What the supervisor tells process 1 of a program to start, and what it hears of its end.
#pragma once

#include "persona/persona.hpp"
#include "process/message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace skep::cell {

/// Whether it fits into a message to process 1 and is, if a subsystem, one that there is.
bool can_start(const process::CellRequest& request);

/// The request as standalone/cell_init.cpp reads it.
std::vector<std::string> program_words(const process::CellRequest& request,
                                       const persona::Persona& persona);

/// Whether the files that it writes come from the peer: sftp-server, or `scp -t`.
bool is_upload(const process::CellRequest& request);

/// A program's end from the status that wait(2) gave.
process::CellExit exit_of(std::uint64_t request, int status);

/// The signals that dropbear 2022.83 passes on (signames of svr-chansession.c), by their names
/// without SIG; 0 for others. The service has refused before what OpenSSH would not pass on.
int signal_number(std::string_view name);

} // namespace skep::cell
