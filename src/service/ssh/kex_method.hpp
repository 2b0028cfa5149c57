// The methods of key exchange that a client can choose (RFC 4253 section 8, RFC 4419, RFC 5656,
// RFC 8731, OpenSSH's PROTOCOL for sntrup761), and what is derived from their result.
#pragma once

#include "base/crypto/digest.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace skep::service::ssh {

/// What the server's side of an exchange comes to.
struct Exchanged {
    std::string client_value; ///< As the exchange hash has it, without its length.
    std::string server_value; ///< As KEXDH_REPLY has it, without its length.
    std::string secret;       ///< K as hashes have it: an mpint or a string, with its length.
};

/// How the server that is played makes and takes numbers of finite fields; both as in
/// crypto::make_finite_field.
struct FieldRules {
    unsigned strength_bits = 0;
    unsigned bits_set_min = 0;
};

/// A row of the table of methods.
struct KexMethod {
    std::string_view name;
    crypto::Hash hash;
    /// Answers a client's value. Fault::malformed if it must be refused. nullptr where the group is
    /// negotiated first (diffie-hellman-group-exchange).
    Result<Exchanged> (*respond)(std::string_view client_value, FieldRules rules);
};

/// nullptr if there is none of that name.
const KexMethod* find_kex_method(std::string_view name);
/// The bytes of an mpint for a number, without its length.
std::string number_bytes(std::string_view magnitude);
/// As hashes have it.
std::string encode_secret(std::string_view magnitude);

/// Key material (RFC 4253 section 7.2): `letter` is A to F.
struct KeySource {
    crypto::Hash hash;
    std::string_view secret, exchange_hash, session_id;

    std::string derive(char letter, std::size_t bytes) const;
};

} // namespace skep::service::ssh
