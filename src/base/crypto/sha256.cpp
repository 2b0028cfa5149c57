#include "base/crypto/sha256.hpp"

#include "base/bytes.hpp"

#include <openssl/evp.h>

#include <cstdlib>

namespace skep::crypto {

struct Sha256::Context {
    EVP_MD_CTX* handle = EVP_MD_CTX_new();

    Context() { start(); }

    ~Context() { EVP_MD_CTX_free(handle); }

    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    void start() const {
        if (handle == nullptr || EVP_DigestInit_ex(handle, EVP_sha256(), nullptr) != 1)
            std::abort();
    }
};

Sha256::Sha256() : context_{std::make_unique<Context>()} {}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
    if (EVP_DigestUpdate(context_->handle, bytes.data(), bytes.size()) != 1) std::abort();
}

std::string Sha256::finish() {
    std::string digest(32, '\0');
    if (EVP_DigestFinal_ex(context_->handle, reinterpret_cast<unsigned char*>(digest.data()),
                           nullptr) != 1)
        std::abort();
    context_->start();
    return digest;
}

std::string sha256(std::string_view bytes) {
    Sha256 digest;
    digest.update(bytes);
    return digest.finish();
}

std::string sha256_hex(std::string_view bytes) {
    return hex(sha256(bytes));
}

} // namespace skep::crypto
