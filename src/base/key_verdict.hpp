// What a user's authorized keys say about a public key, from the process that reads them to the
// service that asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace skep {

/// Where a forward may lead, or listen.
struct ForwardPermit {
    std::string host;       ///< As written, without brackets; `*` for any.
    std::uint32_t port = 0; ///< 0 for any.

    bool operator==(const ForwardPermit&) const = default;
};

/// What the options in front of a key leave allowed (AUTHORIZED_KEYS FILE FORMAT of sshd(8)), and
/// so what a login with it may do. A login without a key may do everything.
struct KeyOptions {
    bool agent_forwarding = true;
    bool port_forwarding = true;
    bool pty = true;
    bool user_rc = true;
    bool x11_forwarding = true;
    std::optional<std::string> command;       ///< Runs instead of what the peer asks for.
    std::vector<ForwardPermit> permit_open;   ///< If not empty, nothing else.
    std::vector<ForwardPermit> permit_listen; ///< Likewise.

    bool operator==(const KeyOptions&) const = default;
};

/// Bounds of a verdict, so that it fits into one message. The file is an attacker's.
constexpr std::size_t key_command_bytes_max = std::size_t{32} * 1024;
constexpr std::size_t key_permits_max = 256;                         ///< Of each kind.
constexpr std::size_t key_permit_bytes_max = std::size_t{16} * 1024; ///< Of each kind, in all.
constexpr std::size_t key_notes_max = 32;
constexpr std::size_t key_note_bytes_max = 1023; ///< auth_debug_add() of OpenSSH cuts there, too.

struct KeyVerdict {
    bool held = false; ///< The user has that key and may use it from there.
    KeyOptions options;
    /// What sshd tells the peer after the login, in its order: of this key and of the lines that it
    /// had to skip.
    std::vector<std::string> notes;
};

} // namespace skep
