// Which tool a client is, by its identification line and by the HASSH of its algorithm lists.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace skep::service::ssh {

/// What a tool is for.
enum class ClientKind : std::uint8_t {
    client,         ///< For people: OpenSSH, PuTTY, WinSCP.
    library,        ///< What programs are written with: libssh, paramiko, Go.
    scanner,        ///< Looks at servers: Nmap, ZGrab, masscan.
    brute_forcer,   ///< Tries passwords: Medusa.
    bot,            ///< Spreads by itself.
    other_protocol, ///< No SSH: HTTP, TLS, RDP.
};

/// As the event has it.
std::string_view name(ClientKind kind) noexcept;

/// What is known of a client. Views are of constant data, but for `version`, which may be a part of
/// the identification.
struct ClientLabel {
    /// What it was recognised by.
    enum class By : std::uint8_t { identification, hassh, both };

    std::string_view tool;    ///< As `libssh2`, `ZGrab`.
    std::string_view version; ///< As far as it tells, or a range that the HASSH fits; may be empty.
    ClientKind kind = ClientKind::client;
    By by = By::identification;
    /// The identification says what cannot be: another implementation than the algorithm lists are
    /// of, or a name that only impostors use. `tool` is then what the lists say, if they are known.
    bool spoofed = false;
};

std::string_view name(ClientLabel::By by) noexcept;

/// `identification` is the client's line without its end, or what it sent in place of one: the
/// first bytes of another protocol. `hassh` is empty before its KEXINIT has come. Nothing if
/// neither is known.
std::optional<ClientLabel> recognise(std::string_view identification, std::string_view hassh);

} // namespace skep::service::ssh
