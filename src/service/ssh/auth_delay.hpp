// How long OpenSSH takes to answer a request for authentication.
#pragma once

#include "service/service.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace skep::service::ssh {

/// sshd's timing_secret (sshd.c of 9.2p1, accumulate_host_timing_secret): a number that its host
/// keys fix and nobody can compute who does not have them.
std::uint64_t timing_secret(std::span<const crypto::HostKey> host_keys);

/// user_specific_delay() of auth2.c: 5 ms and up to 4.3 ms more, the same for each try of a name.
Micros user_delay(std::uint64_t secret, std::string_view user);

/// ensure_minimum_time_since() of auth2.c: how long a request takes in all whose work took
/// `elapsed`: `delay`, doubled until it is longer.
Micros minimum_time(Micros elapsed, Micros delay) noexcept;

} // namespace skep::service::ssh
