// The options in front of a key in authorized_keys. They are an attacker's text; pure functions.
#pragma once

#include "base/key_verdict.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skep::cell {

/// Of a line as sshd understands it (AUTHORIZED_KEYS FILE FORMAT of sshd(8)).
struct LineOptions {
    KeyOptions effect;
    bool cert_authority = false;
    bool touch_required = true;
    bool verify_required = false;
    std::optional<std::string> principals, from;
    std::int64_t expires = 0;                ///< Seconds since 1970; 0 if never.
    std::optional<std::int64_t> tunnel = {}; ///< Device number.
};

/// sshauthopt_parse() of OpenSSH 9.2p1. `line` begins with the options, which end at the first
/// blank outside of quotes. Fault::malformed with sshd's own words.
///
/// What does not fit into a KeyVerdict is malformed (a command) or forgotten (permits).
Result<LineOptions> parse_openssh_options(std::string_view line);

/// auth_log_authopts(): `key options: agent-forwarding port-forwarding pty user-rc x11-forwarding`.
std::string summarize(const LineOptions& options);

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, then perhaps `Z` or `UTC`: seconds since 1970, 0
/// if it is none. The machine's own time is UTC.
std::int64_t parse_expiry(std::string_view text);

/// svr_add_pubkey_options() of dropbear 2022.83 of `options` alone; nothing if they are bad.
std::optional<KeyOptions> parse_dropbear_options(std::string_view options);

} // namespace skep::cell
