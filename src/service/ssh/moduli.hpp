// Primes of the Diffie-Hellman group exchange (RFC 4419), chosen as OpenSSH's choose_dh() does.
#pragma once

#include <cstdint>
#include <string>

namespace skep::service::ssh {

constexpr std::uint32_t group_bits_min = 2048; ///< OpenSSH's DH_GRP_MIN
constexpr std::uint32_t group_bits_max = 8192; ///< DH_GRP_MAX

struct Group {
    std::string prime, generator; ///< Big-endian.
};

/// A random one of the primes that fit best, or a fixed group if none is within the limits.
Group choose_group(std::uint32_t min, std::uint32_t wanted, std::uint32_t max);

} // namespace skep::service::ssh
