// The pattern of `from="..."` in authorized_keys (PATTERNS of ssh_config(5), and CIDR).
#pragma once

#include <cstdint>
#include <string_view>

namespace skep::cell {

enum class SourceMatch : std::uint8_t {
    no,
    yes,
    invalid, ///< An entry is empty, or a network has bits of hosts; nobody is let in either.
};

/// As match_host_and_ip() of OpenSSH 9.2p1 with UseDNS no, when the host is called by its address.
/// `address` is the peer's as text; `patterns` is hostile.
SourceMatch match_source(std::string_view patterns, std::string_view address);

} // namespace skep::cell
