// The publickey method's request (RFC 4252 section 7), and the names of its algorithms.
#pragma once

#include "service/ssh/fields.hpp"

#include <string_view>

namespace skep::service::ssh {

/// A signature algorithm that OpenSSH knows by name.
struct KeyAlgorithm {
    std::string_view name;
    std::string_view key_type; ///< The name in the blob; empty for those that no one can log in
                               ///< with here: certificates, security keys, DSA.
};

/// nullptr if OpenSSH 9.2p1 does not know it.
const KeyAlgorithm* find_key_algorithm(std::string_view name);

/// The request after its method name, up to the signature. Views into the message.
struct KeyOffer {
    std::uint8_t has_signature = 0;
    std::string_view algorithm;
    std::string_view blob;
};

/// What the peer signs, without the session identifier in front.
struct SignedRequest {
    std::string_view user, service, method;
    const KeyOffer& offer;
    std::string_view host_key; ///< publickey-hostbound-v00@openssh.com; else empty.
};

std::string signed_bytes(const SignedRequest& request);

/// The algorithm that a signature blob names; empty if it is cut short.
std::string_view signature_algorithm(std::string_view signature);

} // namespace skep::service::ssh
