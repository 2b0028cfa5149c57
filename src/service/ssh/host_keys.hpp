// Which host keys a server has.
#pragma once

#include "base/crypto/ssh_key.hpp"
#include "service/ssh/profile.hpp"

#include <vector>

namespace skep::service::ssh {

/// What the server's package makes when it is installed, in the order of the profile's host_keys.
std::vector<crypto::KeyKind> host_key_kinds(const Profile& profile);

/// `keys` in the order of the profile's host_keys, without those that it does not offer.
std::vector<crypto::HostKey> in_order(const Profile& profile, std::vector<crypto::HostKey> keys);

} // namespace skep::service::ssh
