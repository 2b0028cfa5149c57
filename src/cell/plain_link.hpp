// A network card without a cable, asked of the kernel by rtnetlink (rtnetlink(7)).
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <span>

namespace skep::cell {

/// Makes an Ethernet interface `name` that leads nowhere, in this network namespace: of the kind
/// "dummy", or "ifb" where the kernel has no dummy. What tells both from a real card is set
/// right: it does ARP, takes multicast and has the queue length of a real one. It goes with its
/// namespace. Fault::refused with the kernel's reason when neither kind can be made.
Result<void> add_plain_link(const char* name, std::span<const std::byte, 6> hardware_address);

/// Shows the raised interface `name` as UP instead of UNKNOWN (IFLA_OPERSTATE, RFC 2863).
/// Fault::refused when the kernel does not.
Result<void> show_as_up(const char* name);

} // namespace skep::cell
