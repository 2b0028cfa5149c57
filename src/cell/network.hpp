// The network that a cell sees: lo, and an eth0 that leads nowhere.
#pragma once

#include "base/result.hpp"
#include "persona/persona.hpp"
#include "process/descriptor.hpp"

namespace skep::cell {

/// In the cell's empty network namespace: lo up, eth0 with the persona's hardware address, address
/// and default route. eth0 is a tap device whose other end is the returned descriptor: nobody reads
/// it, and eth0 is gone when it is closed. Where /dev/net/tun cannot be opened (containers, systems
/// without udev) it is a plain link and the descriptor is not valid. Fault::refused where the
/// kernel gives neither; the cell then only has lo.
Result<process::Descriptor> make_network(const persona::Persona& persona);

} // namespace skep::cell
