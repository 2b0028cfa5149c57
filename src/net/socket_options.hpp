// What a server sets on its sockets and a peer can see on the wire or feel in its times.
#pragma once

#include <cstdint>

namespace skep::net {

/// How the kernel sends what is written.
struct Sending {
    /// IP's type of service, whose upper six bits are the DSCP (RFC 791 section 3.1, RFC 2474).
    std::uint8_t type_of_service = 0;
    /// Small segments do not wait for an acknowledgement (TCP_NODELAY, RFC 896).
    bool at_once = false;

    bool operator==(const Sending&) const = default;
};

/// Of a listening socket: the kernel gives them to each connection that it accepts.
struct SocketOptions {
    Sending sending;             ///< From the answer to the peer's SYN on.
    bool keep_alive = false;     ///< Probes after two hours of silence (tcp(7)).
    bool urgent_in_line = false; ///< Urgent data is read in its place instead of left out.
};

/// Both leave out what the system refuses: a deception less, and nothing else.
void set_sending(int socket, Sending sending) noexcept;
void set_options(int listening, const SocketOptions& options) noexcept;

} // namespace skep::net
