// How much of the machine a cell gets.
#pragma once

namespace skep::cell {

/// A cell gets one processor, which bounds what it can take of a small machine. It is the
/// supervisor's too: they take turns anyway, and waking a neighbour costs more than the work.
void take_one_processor(unsigned slot);

} // namespace skep::cell
