#include "base/crypto/ssh_key.hpp"

#include "base/crypto/elliptic.hpp"
#include "base/crypto/key_blob.hpp"
#include "base/crypto/openssl.hpp"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace skep::crypto {

using openssl::bytes_of;
using openssl::must;
using openssl::must_have;

namespace {

using Bio = openssl::Owned<BIO, BIO_free>;

/// One of a key's signature algorithms.
struct Algorithm {
    std::string_view name;
    const char* hash; ///< nullptr: Ed25519 has its own.
};

constexpr std::array ed25519_algorithms{Algorithm{"ssh-ed25519", nullptr}};
constexpr std::array ecdsa_algorithms{Algorithm{"ecdsa-sha2-nistp256", "SHA2-256"}};
constexpr std::array rsa_algorithms{Algorithm{"rsa-sha2-512", "SHA2-512"},
                                    Algorithm{"rsa-sha2-256", "SHA2-256"},
                                    Algorithm{"ssh-rsa", "SHA1"}};

/// A kind of key as OpenSSL and SSH name it.
struct Kind {
    const char* openssl_name;
    std::string_view ssh_name;
    std::span<const Algorithm> algorithms;
};

constexpr std::array kinds{
    Kind{"ED25519", "ssh-ed25519", ed25519_algorithms},
    Kind{"EC", "ecdsa-sha2-nistp256", ecdsa_algorithms},
    Kind{"RSA", "ssh-rsa", rsa_algorithms},
};

std::string number_parameter(EVP_PKEY* key, const char* name) {
    BIGNUM* number = nullptr;
    must(EVP_PKEY_get_bn_param(key, name, &number) == 1);
    return openssl::magnitude_of(openssl::Number{number}.get());
}

std::string ed25519_point(EVP_PKEY* key) {
    std::string point(32, '\0');
    std::size_t size = point.size();
    must(EVP_PKEY_get_raw_public_key(key, bytes_of(point), &size) == 1);
    return point;
}

std::string curve_point(EVP_PKEY* key) {
    unsigned char* bytes = nullptr;
    const auto size = EVP_PKEY_get1_encoded_public_key(key, &bytes);
    must(size > 0);
    std::string copy{reinterpret_cast<const char*>(bytes), size};
    OPENSSL_free(bytes);
    return copy;
}

std::string blob_of(EVP_PKEY* key, const Kind& kind) {
    SshWriter blob;
    blob.string(kind.ssh_name);
    if (kind.ssh_name == "ssh-rsa") {
        blob.mpint(number_parameter(key, OSSL_PKEY_PARAM_RSA_E));
        blob.mpint(number_parameter(key, OSSL_PKEY_PARAM_RSA_N));
    } else if (kind.ssh_name == "ssh-ed25519") {
        blob.string(ed25519_point(key));
    } else {
        blob.string(info(Curve::p256).ssh_name);
        blob.string(curve_point(key));
    }
    return std::move(blob).take();
}

/// RFC 5656 section 3.1.2: r and s as mpints.
std::string ecdsa_numbers(std::string_view der) {
    const auto* at = bytes_of(der);
    const openssl::Owned<ECDSA_SIG, ECDSA_SIG_free> signature{
        must_have(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())))};
    SshWriter numbers;
    numbers.mpint(openssl::magnitude_of(ECDSA_SIG_get0_r(signature.get())));
    numbers.mpint(openssl::magnitude_of(ECDSA_SIG_get0_s(signature.get())));
    return std::move(numbers).take();
}

/// PEM that asks for a password is refused; OpenSSL would ask the terminal.
int no_password(char* /*buffer*/, int /*size*/, int /*writes*/, void* /*context*/) {
    return -1;
}

} // namespace

struct HostKey::Content {
    /// Ready to sign with one algorithm. Copying such a context saves the look-ups of setting one
    /// up: 3 of 48 us with Ed25519.
    struct Signer {
        std::string_view algorithm;
        openssl::DigestContext context;
    };

    Content(openssl::Key owned, const Kind& its_kind)
        : key{std::move(owned)}, kind{its_kind}, blob{blob_of(key.get(), kind)} {
        for (const auto& algorithm : kind.algorithms) {
            Signer signer{algorithm.name, openssl::DigestContext{must_have(EVP_MD_CTX_new())}};
            must(EVP_DigestSignInit_ex(signer.context.get(), nullptr, algorithm.hash, nullptr,
                                       nullptr, key.get(), nullptr) == 1);
            signers.push_back(std::move(signer));
        }
    }

    openssl::Key key;
    const Kind& kind;
    std::string blob;
    std::vector<Signer> signers;
};

HostKey::HostKey(std::unique_ptr<Content> content) : content_{std::move(content)} {}

HostKey::~HostKey() = default;
HostKey::HostKey(HostKey&&) noexcept = default;
HostKey& HostKey::operator=(HostKey&&) noexcept = default;

HostKey HostKey::generate(KeyKind kind) {
    const auto& row = kinds[std::min<std::size_t>(static_cast<std::size_t>(kind), 2)];
    const openssl::KeyContext context{
        must_have(EVP_PKEY_CTX_new_from_name(nullptr, row.openssl_name, nullptr))};
    must(EVP_PKEY_keygen_init(context.get()) == 1);
    switch (kind) {
    case KeyKind::ed25519: break;
    case KeyKind::ecdsa_p256:
        must(EVP_PKEY_CTX_set_group_name(context.get(), info(Curve::p256).openssl_name) == 1);
        break;
    case KeyKind::rsa_3072:
    case KeyKind::rsa_2048:
        must(EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(),
                                              kind == KeyKind::rsa_3072 ? 3072 : 2048) == 1);
        break;
    }
    EVP_PKEY* key = nullptr;
    must(EVP_PKEY_generate(context.get(), &key) == 1);
    return HostKey{std::make_unique<Content>(openssl::Key{key}, row)};
}

Result<HostKey> HostKey::from_pem(std::string_view pem) {
    const Bio input{must_have(BIO_new_mem_buf(pem.data(), openssl::int_size(pem)))};
    openssl::Key key{PEM_read_bio_PrivateKey(input.get(), nullptr, no_password, nullptr)};
    ERR_clear_error();
    if (!key) return fail(Fault::refused, "not an unencrypted private key in PEM");
    const auto* const kind = std::ranges::find_if(
        kinds, [&](const Kind& row) { return EVP_PKEY_is_a(key.get(), row.openssl_name) == 1; });
    if (kind == kinds.end())
        return fail(Fault::refused, "a host key is Ed25519, ECDSA (P-256) or RSA");
    auto content = std::make_unique<Content>(std::move(key), *kind);
    // Other curves, and RSA keys that are too short.
    if (!describe_key(content->blob)) return fail(Fault::refused, "a key that SSH does not take");
    return HostKey{std::move(content)};
}

std::string HostKey::to_pem() const {
    const Bio output{must_have(BIO_new(BIO_s_secmem()))};
    must(PEM_write_bio_PKCS8PrivateKey(output.get(), content_->key.get(), nullptr, nullptr, 0,
                                       nullptr, nullptr) == 1);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(output.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string_view HostKey::type() const noexcept {
    return content_->kind.ssh_name;
}

const std::string& HostKey::blob() const noexcept {
    return content_->blob;
}

std::string HostKey::sign(std::string_view algorithm, std::string_view data) const {
    const auto signer =
        std::ranges::find(content_->signers, algorithm, &Content::Signer::algorithm);
    must(signer != content_->signers.end());
    const openssl::DigestContext context{must_have(EVP_MD_CTX_new())};
    must(EVP_MD_CTX_copy_ex(context.get(), signer->context.get()) == 1);
    std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(content_->key.get()));
    std::string signature(size, '\0');
    must(EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(data), data.size()) ==
         1);
    signature.resize(size);
    SshWriter blob;
    blob.string(algorithm);
    blob.string(algorithm.starts_with("ecdsa-") ? ecdsa_numbers(signature) : signature);
    return std::move(blob).take();
}

} // namespace skep::crypto
