// How far away the machines are to which a peer wants to be forwarded.
#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <string_view>

namespace skep::service::ssh {

/// Whether getaddrinfo() of glibc could give an address for it: an address, or a name of labels.
bool can_resolve(std::string_view host);

/// Whether getaddrinfo() leads to this machine by a name or address that every machine has for
/// itself.
bool is_loopback(std::string_view host);

/// Time for a connection to it, with its name's resolution, at this try: less than a millisecond to
/// this machine, otherwise a distance that the host's name fixes, a few milliseconds more or less.
Micros connect_time(std::string_view host);

/// Time until the resolver gives up on a name that cannot be.
Micros resolve_failure_time();

} // namespace skep::service::ssh
