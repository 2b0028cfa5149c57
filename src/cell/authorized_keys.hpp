// Whether a key opens an account of a cell: what the attacker has put into ~/.ssh/authorized_keys.
#pragma once

#include "base/key_verdict.hpp"
#include "cell/view.hpp"
#include "persona/persona.hpp"

#include <cstdint>
#include <string_view>

namespace skep::cell {

/// A public key (RFC 4253 section 6.6) that a peer has shown.
struct ShownKey {
    std::string_view blob;
    std::string_view src_ip;
    std::int64_t now = 0; ///< Seconds since 1970.
};

/// As sshd of OpenSSH 9.2p1 with StrictModes, from /etc/passwd and the user's authorized_keys and
/// authorized_keys2, or as dropbear 2022.83 if the persona plays that. The files are hostile: links
/// are followed inside the cell only, what is no regular file is not opened, and of a long one only
/// the beginning is read.
KeyVerdict judge_key(const CellView& view,
                     const persona::Persona& persona,
                     std::string_view user,
                     const ShownKey& key);

/// What `text`, the content of the file `path`, says about a key (AUTHORIZED_KEYS FILE FORMAT of
/// sshd(8); auth_check_authkeys_file() of 9.2p1). Its notes are added to the verdict.
void judge_openssh_lines(std::string_view text,
                         std::string_view path,
                         const ShownKey& key,
                         KeyVerdict& verdict);

/// As checkpubkey() of dropbear 2022.83, which tells the peer nothing.
void judge_dropbear_lines(std::string_view text, const ShownKey& key, KeyVerdict& verdict);

} // namespace skep::cell
