// Encoded terminal modes of a pty-req (RFC 4254 section 8).
#pragma once

#include <optional>
#include <string_view>

namespace skep::service::ssh {

/// What sshd of OpenSSH 9.2p1 would apply of them (ttymodes.c): all, or nothing if bytes follow the
/// end of the list or an opcode of 160 and more. Nothing at all if an argument is cut short, which
/// ends sshd.
std::optional<std::string_view> accepted_modes(std::string_view modes);

/// Whether dropbear 2022.83 can read them (svr-chansession.c): every opcode up to 159 has its
/// argument and the list has an end, unless it is empty.
bool dropbear_reads_modes(std::string_view modes);

} // namespace skep::service::ssh
