// Private keys in the files of the programs that use them.
#pragma once

#include "base/crypto/ssh_key.hpp"

#include <string>
#include <string_view>

namespace skep::crypto {

/// What ssh-keygen(1) writes without a passphrase (OpenSSH's PROTOCOL.key). Its check number, which
/// ssh-keygen draws, comes from the key and `salt`, so that the same key always gives the same
/// file, and nobody without the salt can tell.
std::string openssh_key_file(const HostKey& key, std::string_view comment, std::string_view salt);

/// Its public counterpart, one line.
std::string openssh_public_key_file(const HostKey& key, std::string_view comment);

/// What dropbearkey(1) writes (keyimport.c and buf_put_priv_key of dropbear 2022.83).
std::string dropbear_key_file(const HostKey& key);

} // namespace skep::crypto
