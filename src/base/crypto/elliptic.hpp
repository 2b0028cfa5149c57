// The NIST curves as SSH uses them: names, groups, and which points OpenSSH takes.
#pragma once

#include "base/crypto/key_agreement.hpp"
#include "base/crypto/openssl.hpp"

namespace skep::crypto {

/// What SSH (RFC 5656 sections 6.2.1 and 10.1) says of one curve.
struct CurveInfo {
    Curve curve;
    std::string_view ssh_name; ///< As `nistp256`.
    const char* openssl_name;
    int nid;
    unsigned bits;
    Hash hash; ///< Of signatures with its keys.
};

const CurveInfo& info(Curve curve);

/// The group, made once a process.
const EC_GROUP* group_of(Curve curve);

/// Whether `point` is what OpenSSH 9.2 takes from a peer, as a key or in a key exchange: written
/// uncompressed (sshbuf_get_ec), on the curve, and none of the weak ones that
/// sshkey_ec_validate_public refuses.
bool is_acceptable_point(Curve curve, std::string_view point);

/// A public key of a point that is_acceptable_point().
openssl::Key public_key(Curve curve, std::string_view point);

} // namespace skep::crypto
