// Answers about the processes of a ProcessTable.
#pragma once

#include "cell/notifier.hpp"
#include "cell/process_listing.hpp"

#include <optional>
#include <sys/stat.h>

namespace skep::cell {

/// An open of /proc itself, or of a place of a process that is shown as another or is none; nothing
/// if that is the kernel's business.
std::optional<Answer>
open_process(CellState& state, const Request& request, const Place& place, std::uint64_t flags);

/// The status of such a place, as the cell counts ids.
std::optional<struct stat> process_status(CellState& state, const Place& place);

} // namespace skep::cell
