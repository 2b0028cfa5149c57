// Which real server is played: its lists and what it does differently from the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace skep::service::ssh {

enum class Family : std::uint8_t { openssh, dropbear };

/// How many connections nobody has logged in on a server keeps. Without a per_source limit it is 0.
struct StartupLimits {
    std::size_t begin, percent,
        full; ///< MaxStartups: from `begin` on `percent` and more are dropped.
    std::size_t per_source;
};

/// Constant data, one for each server version; `ssh_server` in a persona names it.
struct Profile {
    std::string_view name; ///< As `openssh-9.2p1`.
    Family family = Family::openssh;
    /// Software version and comment of the identification line as its distribution ships it,
    /// without `SSH-2.0-`; the persona may give another comment.
    std::string_view software;

    // Lists of its KEXINIT, in its order, as it writes them into the packet.
    std::string_view kex;
    std::string_view host_keys; ///< Filtered by the host keys that the persona has.
    std::string_view ciphers;
    std::string_view macs;
    std::string_view compression;

    bool strict_kex = true;            ///< kex-strict-s-v00@openssh.com (CVE-2023-48795).
    bool short_identification = false; ///< OpenSSH before 8.0: 255 bytes, `Protocol mismatch.`
    std::string_view server_sig_algs;  ///< Of its EXT_INFO; empty if it sends none.
    bool hostbound = true;             ///< publickey-hostbound@openssh.com=0 in EXT_INFO.
    // Its distribution's sshd_config, or what it was compiled with.
    std::uint32_t login_seconds = 120; ///< LoginGraceTime
    std::uint32_t auth_tries = 6;      ///< MaxAuthTries
    std::uint32_t sessions_max = 10;   ///< MaxSessions

    StartupLimits startups{.begin = 10, .percent = 30, .full = 100, .per_source = 0};
    std::string_view startups_text = "Exceeded MaxStartups\r\n"; ///< To one that is dropped.
    /// KbdInteractiveAuthentication; no in Debian's sshd_config.
    bool keyboard_interactive = false;
    std::uint64_t rekey_bytes = 0; ///< RekeyLimit; 0: as much as the cipher bears.
};

std::span<const Profile> profiles();
/// nullptr if there is none of that name.
const Profile* find_profile(std::string_view name);

} // namespace skep::service::ssh
