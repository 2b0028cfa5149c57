// Whether a key opens an account of a cell: what the attacker has put into ~/.ssh/authorized_keys.
#pragma once

#include "cell/view.hpp"
#include "persona/persona.hpp"

#include <string_view>

namespace skep::cell {

/// As sshd of OpenSSH 9.2p1 with StrictModes, from /etc/passwd and the user's authorized_keys and
/// authorized_keys2. The files are hostile: links are followed inside the cell only, what is no
/// regular file is not opened, and of a long one only the beginning is read. `blob` is a public key
/// (RFC 4253 section 6.6).
bool holds_key(const CellView& view,
               const persona::Persona& persona,
               std::string_view user,
               std::string_view blob);

/// Whether a line of such a file (AUTHORIZED_KEYS FILE FORMAT of sshd(8)) allows the key `blob`.
bool line_allows(std::string_view line, std::string_view blob);

} // namespace skep::cell
