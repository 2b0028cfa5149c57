// What OpenSSH and dropbear make of the fields of a message beyond RFC 4251.
#pragma once

#include "service/ssh/wire.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace skep::service::ssh {

/// Reader::cstring(), or nothing if it is refused or cut short.
std::optional<std::string_view> c_string(Reader& reader);

/// buf_getstring() of dropbear 2022.83: nothing if it is cut short or longer than MAX_STRING_LEN,
/// both of which end it.
std::optional<std::string_view> short_string(Reader& reader);

/// What strcmp(), as dropbear compares most names, sees of a string.
std::string_view until_nul(std::string_view text);

/// What ssh_packet_disconnect can say: its buffer has 1024 bytes, the last for the NUL.
std::string disconnect_text(std::string text);

/// What OpenSSH 9.2p1 does differently for some clients, by their identification line (compat.c:
/// the first pattern that fits counts).
struct Compat {
    bool new_openssh = false;     ///< Is told of a closed standard input: eow@openssh.com.
    bool free_signature = false;  ///< Its signature may be of another algorithm than it named.
    bool old_session_id = false;  ///< Signs the session id without its length.
    bool no_host_keys = false;    ///< Breaks at hostkeys-00@openssh.com.
    bool no_debug = false;        ///< Breaks at SSH_MSG_DEBUG.
    bool keeps_port_zero = false; ///< Cancels a forward of port 0 by that number.
};

Compat compat_of(std::string_view identification);

} // namespace skep::service::ssh
