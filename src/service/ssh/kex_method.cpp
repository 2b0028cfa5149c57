#include "service/ssh/kex_method.hpp"

#include "base/crypto/key_agreement.hpp"
#include "service/ssh/wire.hpp"

#include <algorithm>
#include <memory>

namespace skep::service::ssh {
namespace {

constexpr std::size_t x25519_bytes = 32;
constexpr std::size_t sntrup_key_bytes = 1158;

Result<Exchanged> respond_x25519(std::string_view client, FieldRules) {
    const auto key = crypto::make_x25519();
    TRY(auto shared, key->agree(client));
    Exchanged result{std::string{client}, std::string{key->public_value()}, encode_secret(shared)};
    crypto::wipe(shared);
    return result;
}

template <crypto::Curve Named> Result<Exchanged> respond_ecdh(std::string_view client, FieldRules) {
    const auto key = crypto::make_ecdh(Named);
    TRY(auto shared, key->agree(client));
    Exchanged result{std::string{client}, std::string{key->public_value()}, encode_secret(shared)};
    crypto::wipe(shared);
    return result;
}

template <unsigned Group>
Result<Exchanged> respond_group(std::string_view client, FieldRules rules) {
    TRY(const auto number, mpint_magnitude(client));
    const auto key = crypto::make_finite_field(crypto::modp_prime(Group), "\x02",
                                               rules.strength_bits, rules.bits_set_min);
    TRY(auto shared, key->agree(number));
    Exchanged result{std::string{client}, number_bytes(key->public_value()), encode_secret(shared)};
    crypto::wipe(shared);
    return result;
}

/// OpenSSH's PROTOCOL and draft-josefsson-ntruprime-ssh: K is the string of SHA-512 over both
/// secrets, the encapsulated one first.
Result<Exchanged> respond_sntrup761(std::string_view client, FieldRules) {
    if (client.size() != sntrup_key_bytes + x25519_bytes)
        return fail(Fault::malformed, "length of a sntrup761x25519 key");
    TRY(auto inner, crypto::encapsulate_sntrup761(client.substr(0, sntrup_key_bytes)));
    const auto key = crypto::make_x25519();
    TRY(auto shared, key->agree(client.substr(sntrup_key_bytes)));
    auto both = inner.secret + shared;
    auto hashed = crypto::digest(crypto::Hash::sha512, both);
    Exchanged result{std::string{client}, inner.ciphertext + std::string{key->public_value()},
                     Writer{}.string(hashed).bytes()};
    for (auto* secret : {&inner.secret, &shared, &both, &hashed})
        crypto::wipe(*secret);
    return result;
}

using crypto::Curve;
using crypto::Hash;

constexpr KexMethod methods[] = {
    {"sntrup761x25519-sha512", Hash::sha512, respond_sntrup761},
    {"sntrup761x25519-sha512@openssh.com", Hash::sha512, respond_sntrup761},
    {"curve25519-sha256", Hash::sha256, respond_x25519},
    {"curve25519-sha256@libssh.org", Hash::sha256, respond_x25519},
    {"ecdh-sha2-nistp256", Hash::sha256, respond_ecdh<Curve::p256>},
    {"ecdh-sha2-nistp384", Hash::sha384, respond_ecdh<Curve::p384>},
    {"ecdh-sha2-nistp521", Hash::sha512, respond_ecdh<Curve::p521>},
    {"diffie-hellman-group-exchange-sha256", Hash::sha256, nullptr},
    {"diffie-hellman-group-exchange-sha1", Hash::sha1, nullptr},
    {"diffie-hellman-group18-sha512", Hash::sha512, respond_group<18>},
    {"diffie-hellman-group16-sha512", Hash::sha512, respond_group<16>},
    {"diffie-hellman-group14-sha256", Hash::sha256, respond_group<14>},
    {"diffie-hellman-group14-sha1", Hash::sha1, respond_group<14>},
    {"diffie-hellman-group1-sha1", Hash::sha1, respond_group<1>},
};

} // namespace

const KexMethod* find_kex_method(std::string_view name) {
    const auto* found = std::ranges::find(methods, name, &KexMethod::name);
    return found == std::end(methods) ? nullptr : found;
}

std::string encode_secret(std::string_view magnitude) {
    return Writer{}.mpint(magnitude).bytes();
}

std::string number_bytes(std::string_view magnitude) {
    return encode_secret(magnitude).substr(4);
}

std::string KeySource::derive(char letter, std::size_t bytes) const {
    // RFC 4253 section 7.2: K1 = HASH(K || H || X || session_id), K2 = HASH(K || H || K1), ...
    std::string piece;
    piece.reserve(secret.size() + exchange_hash.size() + 1 + session_id.size());
    piece += secret;
    piece += exchange_hash;
    const auto start = piece.size();
    piece += letter;
    piece += session_id;
    auto key = crypto::digest(hash, piece);
    while (key.size() < bytes) {
        piece.resize(start);
        piece += key;
        key += crypto::digest(hash, piece);
    }
    crypto::wipe(piece);
    key.resize(bytes);
    return key;
}

} // namespace skep::service::ssh
