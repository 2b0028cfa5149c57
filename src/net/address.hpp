// Listening addresses as the configuration writes them, and the sockets bound to them.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>

namespace skep::net {

struct Address {
    std::string host; ///< IPv4 or IPv6 literal without brackets.
    std::uint16_t port = 0;
};

/// Reads `127.0.0.1:23` or `[::1]:23`. Fault::refused with what would be right; names are not
/// looked up.
Result<Address> parse_address(const std::string& text);

/// `host:port`, IPv6 in brackets.
std::string to_text(const Address& address);

/// A listening TCP socket (close-on-exec, non-blocking, SO_REUSEADDR).
/// The port 0 takes any free one. Fault::refused with the reason. The caller owns the descriptor.
Result<int> listen_on(const Address& address);

/// The address that a listening socket is bound to.
Result<Address> bound_address(int socket);

} // namespace skep::net
