// The played SSH server's own keys, where its machine has them.
#pragma once

#include "base/crypto/ssh_key.hpp"
#include "cell/fabricate.hpp"

#include <span>
#include <vector>

namespace skep::cell {

/// Below /etc/ssh for OpenSSH, /etc/dropbear for dropbear; nothing for a persona without either.
/// An attacker who is root may read them, as on any machine: decision 0017.
/// `salt` as openssh_key_file() takes it.
std::vector<FabricatedFile> host_key_files(const persona::Persona& persona,
                                           std::span<const crypto::HostKey> keys,
                                           std::string_view salt);

} // namespace skep::cell
