// The identification exchange (RFC 4253 section 4.2) as the real servers read it: byte by byte, so
// that what follows stays in their socket.
#pragma once

#include "service/ssh/profile.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace skep::service::ssh {

/// What came of the bytes so far.
struct Identification {
    enum class State : std::uint8_t { unfinished, accepted, refused };

    State state = State::unfinished;
    std::size_t used = 0;   ///< Bytes that the server has read.
    std::string line;       ///< As exchange hashes have it.
    std::string_view reply; ///< What a refused peer is told.
    std::string_view why;   ///< A fixed word for a refusal.
};

/// Reads the peer's first line from all that it has sent.
Identification read_identification(const Profile& profile, std::string_view bytes);

/// What OpenSSH does differently for a client, by its software version (compat.c of 9.2).
struct Quirks {
    bool leaves = false;            ///< Probes and scanners: the connection is closed.
    bool no_libssh_curve = false;   ///< SSH_BUG_CURVE25519PAD
    bool no_group_exchange = false; ///< SSH_OLD_DHGEX
    bool no_rekey = false;          ///< SSH_BUG_NOREKEY
};

/// `line` is an accepted identification line.
Quirks quirks_of(std::string_view line);

} // namespace skep::service::ssh
