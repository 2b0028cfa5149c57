#include "base/crypto/key_files.hpp"

#include "base/bytes.hpp"
#include "base/crypto/openssl.hpp"
#include "base/crypto/sha256.hpp"
#include "base/ssh_wire.hpp"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>

namespace skep::crypto {

using openssl::bytes_of;
using openssl::must;
using openssl::must_have;

namespace {

constexpr std::size_t line_characters = 70;
constexpr std::size_t block_bytes = 8; ///< Of cipher `none`.

openssl::Key opened(const HostKey& key) {
    auto pem = key.to_pem();
    const openssl::Owned<BIO, BIO_free> input{
        must_have(BIO_new_mem_buf(pem.data(), openssl::int_size(pem)))};
    openssl::Key found{must_have(PEM_read_bio_PrivateKey(input.get(), nullptr, nullptr, nullptr))};
    wipe(pem);
    return found;
}

std::string number(EVP_PKEY* key, const char* name) {
    BIGNUM* value = nullptr;
    must(EVP_PKEY_get_bn_param(key, name, &value) == 1);
    return openssl::magnitude_of(openssl::Number{value}.get());
}

/// The seed and the point behind it, as both programs keep it.
std::string ed25519_secret(EVP_PKEY* key) {
    std::string seed(32, '\0');
    std::string point(32, '\0');
    std::size_t size = seed.size();
    must(EVP_PKEY_get_raw_private_key(key, bytes_of(seed), &size) == 1);
    must(EVP_PKEY_get_raw_public_key(key, bytes_of(point), &size) == 1);
    return seed + point;
}

/// PROTOCOL.key section 3: the fields of one private key, name first.
void write_private(SshWriter& out, const HostKey& key) {
    const auto opened_key = opened(key);
    auto* const handle = opened_key.get();
    if (key.type() == "ssh-rsa") {
        out.string(key.type());
        for (const char* name : {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E,
                                 OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
                                 OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2})
            out.mpint(number(handle, name));
    } else if (key.type() == "ssh-ed25519") {
        const auto secret = ed25519_secret(handle);
        out.string(key.type());
        out.string(secret.substr(32));
        out.string(secret);
    } else {
        out.raw(key.blob()); // name, curve and point
        out.mpint(number(handle, OSSL_PKEY_PARAM_PRIV_KEY));
    }
}

} // namespace

std::string openssh_key_file(const HostKey& key, std::string_view comment, std::string_view salt) {
    const auto digest = sha256(std::string{salt} + key.blob());
    SshWriter secret;
    secret.raw(std::string_view{digest}.substr(0, 4)).raw(std::string_view{digest}.substr(0, 4));
    write_private(secret, key);
    secret.string(comment);
    auto content = std::move(secret).take();
    for (char pad = 1; content.size() % block_bytes != 0; ++pad)
        content += pad;
    SshWriter whole;
    whole.raw(std::string_view{"openssh-key-v1\0", 15});
    whole.string("none").string("none").string("").u32(1).string(key.blob()).string(content);
    auto raw = std::move(whole).take();
    auto text = base64(raw);
    wipe(raw);
    std::string file{"-----BEGIN OPENSSH PRIVATE KEY-----\n"};
    for (std::size_t at = 0; at < text.size(); at += line_characters)
        file.append(text, at, line_characters).append("\n");
    file += "-----END OPENSSH PRIVATE KEY-----\n";
    wipe(content);
    wipe(text);
    return file;
}

std::string openssh_public_key_file(const HostKey& key, std::string_view comment) {
    std::string line{key.type()};
    line.append(" ").append(base64(key.blob())).append(" ").append(comment).append("\n");
    return line;
}

std::string dropbear_key_file(const HostKey& key) {
    const auto opened_key = opened(key);
    auto* const handle = opened_key.get();
    SshWriter out;
    if (key.type() == "ssh-ed25519") {
        out.string(key.type());
        out.string(ed25519_secret(handle));
    } else if (key.type() == "ssh-rsa") {
        out.raw(key.blob()); // name, e, n
        for (const char* name :
             {OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2})
            out.mpint(number(handle, name));
    } else {
        out.raw(key.blob());
        out.mpint(number(handle, OSSL_PKEY_PARAM_PRIV_KEY));
    }
    return std::move(out).take();
}

} // namespace skep::crypto
