// Signatures and descriptions of public keys: what a server does with its clients' keys.
#include "base/bytes.hpp"
#include "base/crypto/digest.hpp"
#include "base/crypto/elliptic.hpp"
#include "base/crypto/key_blob.hpp"
#include "base/crypto/openssl.hpp"
#include "base/crypto/ssh_key.hpp"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>

#include <array>

namespace skep::crypto {

using openssl::bytes_of;
using openssl::must;
using openssl::must_have;

namespace {

constexpr std::size_t ed25519_signature_bytes = 64;

/// Whether OpenSSL finds `signature` right; `hash` is nullptr for Ed25519, which has its own.
bool verify_raw(EVP_PKEY* key,
                const EVP_MD* hash,
                std::string_view signature,
                std::string_view data) {
    const openssl::DigestContext context{must_have(EVP_MD_CTX_new())};
    const char* const name = hash == nullptr ? nullptr : EVP_MD_get0_name(hash);
    return openssl::succeeds(EVP_DigestVerifyInit_ex(context.get(), nullptr, name, nullptr, nullptr,
                                                     key, nullptr)) &&
           openssl::succeeds(EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                                              bytes_of(data), data.size()));
}

/// nullptr for numbers that OpenSSL takes for no key.
openssl::Key rsa_key(const PublicKey& key) {
    const openssl::Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder{
        must_have(OSSL_PARAM_BLD_new())};
    const auto modulus = openssl::number_of(key.modulus);
    const auto exponent = openssl::number_of(key.exponent);
    must(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
         OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1);
    const openssl::Owned<OSSL_PARAM, OSSL_PARAM_free> parameters{
        must_have(OSSL_PARAM_BLD_to_param(builder.get()))};
    const openssl::KeyContext context{
        must_have(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr))};
    EVP_PKEY* made = nullptr;
    must(EVP_PKEY_fromdata_init(context.get()) == 1);
    (void)openssl::succeeds(
        EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()));
    return openssl::Key{made};
}

struct RsaAlgorithm {
    std::string_view name;
    Hash hash;
};

constexpr std::array rsa_algorithms{
    RsaAlgorithm{"ssh-rsa", Hash::sha1},
    RsaAlgorithm{"rsa-sha2-256", Hash::sha256},
    RsaAlgorithm{"rsa-sha2-512", Hash::sha512},
};

bool verify_rsa(const PublicKey& key,
                std::string_view name,
                std::string_view number,
                std::string_view data) {
    // Leading zeros may be missing, as PuTTY once left them out.
    if (number.size() > key.modulus.size()) return false;
    std::string padded(key.modulus.size() - number.size(), '\0');
    padded += number;
    for (const auto& algorithm : rsa_algorithms) {
        if (algorithm.name != name) continue;
        const auto handle = rsa_key(key);
        return handle && verify_raw(handle.get(), openssl::fetched(algorithm.hash), padded, data);
    }
    return false;
}

/// RFC 5656 section 3.1.2: the mpints r and s, as the DER that OpenSSL wants; empty if they are not
/// there.
std::string ecdsa_der(std::string_view numbers) {
    SshReader reader{numbers};
    auto r = openssl::number_of(reader.mpint());
    auto s = openssl::number_of(reader.mpint());
    if (!reader.done()) return {};
    const openssl::Owned<ECDSA_SIG, ECDSA_SIG_free> signature{must_have(ECDSA_SIG_new())};
    must(ECDSA_SIG_set0(signature.get(), r.release(), s.release()) == 1);
    std::string der(static_cast<std::size_t>(i2d_ECDSA_SIG(signature.get(), nullptr)), '\0');
    auto* at = bytes_of(der);
    i2d_ECDSA_SIG(signature.get(), &at);
    return der;
}

bool verify_ecdsa(const PublicKey& key, std::string_view numbers, std::string_view data) {
    const auto der = ecdsa_der(numbers);
    if (der.empty()) return false;
    const auto handle = public_key(key.type->curve, key.point);
    return verify_raw(handle.get(), openssl::fetched(info(key.type->curve).hash), der, data);
}

bool verify_ed25519(const PublicKey& key, std::string_view signature, std::string_view data) {
    if (signature.size() != ed25519_signature_bytes) return false;
    const openssl::Key handle{EVP_PKEY_new_raw_public_key_ex(
        nullptr, "ED25519", nullptr, bytes_of(key.point), key.point.size())};
    return handle && verify_raw(handle.get(), nullptr, signature, data);
}

/// What a security key signs instead of the data (OpenSSH's PROTOCOL.u2f); `tail` is its flags and
/// counter.
std::string
security_key_data(std::string_view application, std::string_view tail, std::string_view data) {
    return digest(Hash::sha256, application) + std::string{tail} + digest(Hash::sha256, data);
}

} // namespace

bool verify(const PublicKey& key,
            std::string_view algorithm,
            std::string_view signature,
            std::string_view data) {
    constexpr std::size_t flags_and_counter_bytes = 1 + 4;
    const bool is_security_key =
        key.type->family == KeyFamily::ecdsa_sk || key.type->family == KeyFamily::ed25519_sk;
    SshReader reader{signature};
    const auto name = reader.cstring();
    const auto body = reader.string();
    const auto tail = reader.raw(is_security_key ? flags_and_counter_bytes : 0);
    if (!reader.done() || (!algorithm.empty() && name != algorithm)) return false;
    if (key.type->family == KeyFamily::rsa) return verify_rsa(key, name, body, data);
    if (name != key.type->plain) return false;
    switch (key.type->family) {
    case KeyFamily::ecdsa: return verify_ecdsa(key, body, data);
    case KeyFamily::ed25519: return verify_ed25519(key, body, data);
    case KeyFamily::ecdsa_sk:
        return verify_ecdsa(key, body, security_key_data(key.application, tail, data));
    case KeyFamily::ed25519_sk:
        return verify_ed25519(key, body, security_key_data(key.application, tail, data));
    default: return false; // DSA: no server of ours lets anybody in with it
    }
}

bool verify_signature(std::string_view blob,
                      std::string_view algorithm,
                      std::string_view signature,
                      std::string_view data) {
    const auto key = parse_public_key(blob);
    return key && !algorithm.empty() && verify(*key, algorithm, signature, data);
}

std::string fingerprint_of(std::string_view blob) {
    auto text = "SHA256:" + base64(digest(Hash::sha256, blob));
    text.erase(text.find_last_not_of('=') + 1);
    return text;
}

Result<PublicKeyInfo> describe_key(std::string_view blob) {
    const auto key = parse_public_key(blob);
    if (!key) return fail(Fault::malformed, "public key");
    PublicKeyInfo found;
    found.type = key->type->name;
    switch (key->type->family) {
    case KeyFamily::rsa:
    case KeyFamily::dsa:
        found.bits = static_cast<unsigned>(BN_num_bits(openssl::number_of(key->modulus).get()));
        break;
    case KeyFamily::ecdsa:
    case KeyFamily::ecdsa_sk: found.bits = info(key->type->curve).bits; break;
    case KeyFamily::ed25519:
    case KeyFamily::ed25519_sk: found.bits = 256; break;
    }
    found.fingerprint = fingerprint_of(key->plain_blob.bytes());
    return found;
}

} // namespace skep::crypto
