// The dashboard's password: how it is made, kept and checked.
#pragma once

#include <string>
#include <string_view>

namespace skep::crypto {

/// An argon2id hash with its salt and cost in the text (libsodium's crypto_pwhash_str, interactive
/// cost: about 64 MiB and 0.1 s). Ends the process if the memory is not there.
std::string hash_password(std::string_view password);

/// Whether `password` is the one that `hash` was made of; false for a hash that is none. Takes as
/// long as making it, so a caller limits how often strangers may ask.
bool verify_password(std::string_view hash, std::string_view password);

/// A new password: 20 characters of an alphabet without look-alikes, 100 bits.
std::string make_password();

} // namespace skep::crypto
