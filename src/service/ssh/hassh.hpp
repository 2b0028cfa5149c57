// HASSH: the fingerprint of an SSH client's algorithm lists (salesforce/hassh, version 1.0).
#pragma once

#include <string>
#include <string_view>

namespace skep::service::ssh {

/// The lists `kex;ciphers;macs;compression` of a KEXINIT as they were sent, those of the direction
/// from the client. The lists of a server's own direction give its HASSHServer.
std::string hassh_algorithms(std::string_view kex,
                             std::string_view ciphers,
                             std::string_view macs,
                             std::string_view compression);

/// MD5 of hassh_algorithms; 32 hexadecimal digits.
std::string hassh(std::string_view algorithms);

} // namespace skep::service::ssh
