// The SSH host keys of a persona: made once, kept for ever in `keys/PERSONA/` of the state
// directory.
#pragma once

#include "base/crypto/ssh_key.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skep::persona {

/// `keys/PERSONA/ssh_host_TYPE_key` below the directory `state`; both kinds of RSA have one name.
std::string host_key_file(std::string_view state, std::string_view persona, crypto::KeyKind kind);

/// Makes those of `kinds` that are not there yet, readable by their owner only, and returns how
/// many it made. A key that is there is never touched: attackers who come back compare it.
/// Fault::refused with the file that cannot be written.
Result<int> make_host_keys(std::string_view state,
                           std::string_view persona,
                           std::span<const crypto::KeyKind> kinds);

/// The keys that are there: Ed25519, ECDSA, RSA. Fault::refused with the file that is damaged.
Result<std::vector<crypto::HostKey>> load_host_keys(std::string_view state,
                                                    std::string_view persona);

/// 32 bytes that the persona's key files in cells are made with, and that no cell has:
/// `keys/PERSONA/salt`, made at the first call. Fault::refused with a sentence.
Result<std::string> host_key_salt(std::string_view state, std::string_view persona);

} // namespace skep::persona
