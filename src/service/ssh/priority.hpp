// The types of service that SSH servers ask the network for, which every packet shows.
#pragma once

#include <cstdint>

namespace skep::service::ssh {

/// `IPQoS lowdelay throughput`: OpenSSH before 7.8, and Debian's and Ubuntu's of any version, whose
/// patch keeps it. For terminals, and for the rest.
constexpr std::uint8_t openssh_low_delay = 0x10;
constexpr std::uint8_t openssh_throughput = 0x08;

/// dropbear since 2022.82 (netio.c, set_sock_priority): AF21 while a terminal, or nothing at all,
/// is open.
constexpr std::uint8_t dropbear_low_latency = 0x48;

} // namespace skep::service::ssh
