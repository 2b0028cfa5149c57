// Lists as the packages of the distributions send them. What a real server offers besides and we do
// not implement is said beside its list; there is none where nothing is said.
#include "service/ssh/profile.hpp"

#include <algorithm>

namespace skep::service::ssh {
namespace {

// The same since 7.4.
constexpr std::string_view openssh_ciphers =
    "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,"
    "aes256-gcm@openssh.com";
constexpr std::string_view openssh_macs =
    "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,"
    "hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,"
    "umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1";
constexpr std::string_view openssh_compression = "none,zlib@openssh.com";

constexpr std::string_view kex_7 =
    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,"
    "ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,"
    "diffie-hellman-group18-sha512,diffie-hellman-group14-sha256,diffie-hellman-group14-sha1";

constexpr Profile table[] = {
    {
        // Debian 12: 1:9.2p1-2+deb12u10. Its HASSHServer is 425d29fe50d8e4f5e37efb6e24bcf660.
        .name = "openssh-9.2p1",
        .software = "OpenSSH_9.2p1 Debian-2+deb12u10",
        .kex = "sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,curve25519-sha256,"
               "curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,"
               "ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,"
               "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,"
               "diffie-hellman-group14-sha256,kex-strict-s-v00@openssh.com",
        .host_keys = "rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519",
        .ciphers = openssh_ciphers,
        .macs = openssh_macs,
        .compression = openssh_compression,
        .server_sig_algs =
            "ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,"
            "ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com,"
            "webauthn-sk-ecdsa-sha2-nistp256@openssh.com,ssh-dss,ssh-rsa,rsa-sha2-256,"
            "rsa-sha2-512",
    },
    {
        // Ubuntu 22.04: 1:8.9p1-3ubuntu0.10.
        .name = "openssh-8.9p1",
        .software = "OpenSSH_8.9p1 Ubuntu-3ubuntu0.10",
        .kex = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,"
               "ecdh-sha2-nistp384,ecdh-sha2-nistp521,sntrup761x25519-sha512@openssh.com,"
               "diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,"
               "diffie-hellman-group18-sha512,diffie-hellman-group14-sha256,"
               "kex-strict-s-v00@openssh.com",
        .host_keys = "rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519",
        .ciphers = openssh_ciphers,
        .macs = openssh_macs,
        .compression = openssh_compression,
        .server_sig_algs =
            "ssh-ed25519,sk-ssh-ed25519@openssh.com,ssh-rsa,rsa-sha2-256,rsa-sha2-512,ssh-dss,"
            "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
            "sk-ecdsa-sha2-nistp256@openssh.com,webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
    },
    {
        // Debian 11: 1:8.4p1-5+deb11u3.
        .name = "openssh-8.4p1",
        .software = "OpenSSH_8.4p1 Debian-5+deb11u3",
        .kex = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,"
               "ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,"
               "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,"
               "diffie-hellman-group14-sha256,kex-strict-s-v00@openssh.com",
        .host_keys = "rsa-sha2-512,rsa-sha2-256,ssh-rsa,ecdsa-sha2-nistp256,ssh-ed25519",
        .ciphers = openssh_ciphers,
        .macs = openssh_macs,
        .compression = openssh_compression,
        .server_sig_algs =
            "ssh-ed25519,sk-ssh-ed25519@openssh.com,ssh-rsa,rsa-sha2-256,rsa-sha2-512,ssh-dss,"
            "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
            "sk-ecdsa-sha2-nistp256@openssh.com,webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
        .hostbound = false,
    },
    {
        // Debian 10: 1:7.9p1-10+deb10u2, before the strict key exchange was backported.
        .name = "openssh-7.9p1",
        .software = "OpenSSH_7.9p1 Debian-10+deb10u2",
        .kex = kex_7,
        .host_keys = "rsa-sha2-512,rsa-sha2-256,ssh-rsa,ecdsa-sha2-nistp256,ssh-ed25519",
        .ciphers = openssh_ciphers,
        .macs = openssh_macs,
        .compression = openssh_compression,
        .strict_kex = false,
        .short_identification = true,
        .server_sig_algs = "ssh-ed25519,ssh-rsa,rsa-sha2-256,rsa-sha2-512,ssh-dss,"
                           "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521",
        .hostbound = false,
        .startups_text = "",
    },
    {
        // Debian 9: 1:7.4p1-10+deb9u7.
        .name = "openssh-7.4p1",
        .software = "OpenSSH_7.4p1 Debian-10+deb9u7",
        .kex = kex_7,
        .host_keys = "ssh-rsa,rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519",
        .ciphers = openssh_ciphers,
        .macs = openssh_macs,
        .compression = openssh_compression,
        .strict_kex = false,
        .short_identification = true,
        // It leaves out the RSA signatures that it knows besides; clients work around that.
        .server_sig_algs = "ssh-ed25519,ssh-rsa,ssh-dss,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,"
                           "ecdsa-sha2-nistp521",
        .hostbound = false,
        .startups_text = "",
    },
    {
        // Debian 12: 2022.83-1+deb12u3.
        .name = "dropbear-2022.83",
        .family = Family::dropbear,
        .software = "dropbear_2022.83",
        .kex = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp521,"
               "ecdh-sha2-nistp384,ecdh-sha2-nistp256,diffie-hellman-group14-sha256,"
               "diffie-hellman-group14-sha1,kexguess2@matt.ucc.asn.au,"
               "kex-strict-s-v00@openssh.com",
        .host_keys = "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-256,ssh-rsa",
        .ciphers = "chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr",
        .macs = "hmac-sha1,hmac-sha2-256",
        .compression = "zlib@openssh.com,none",
        .server_sig_algs = "ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,"
                           "ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
                           "sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-256,ssh-rsa,ssh-dss",
        .hostbound = false,
        .login_seconds = 300,
        .auth_tries = 10,
        .sessions_max = 1000, // MAX_CHANNELS
                              // MAX_UNAUTH_CLIENTS and MAX_UNAUTH_PER_IP
        .startups = {.begin = 30, .percent = 100, .full = 30, .per_source = 5},
        .startups_text = "",
    },
};

} // namespace

std::span<const Profile> profiles() {
    return table;
}

const Profile* find_profile(std::string_view name) {
    const auto found = std::ranges::find(table, name, &Profile::name);
    return found == std::end(table) ? nullptr : found;
}

} // namespace skep::service::ssh
