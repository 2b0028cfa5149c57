#include "base/crypto/digest.hpp"

#include "base/crypto/openssl.hpp"

#include <openssl/crypto.h>

#include <array>
#include <utility>

namespace skep::crypto {
namespace openssl {
namespace {

constexpr std::array<const char*, 5> names{"MD5", "SHA1", "SHA2-256", "SHA2-384", "SHA2-512"};

std::array<Digest, names.size()> fetch_all() {
    std::array<Digest, names.size()> digests;
    for (std::size_t i = 0; i < names.size(); ++i)
        digests[i].reset(must_have(EVP_MD_fetch(nullptr, names[i], nullptr)));
    return digests;
}

} // namespace

const EVP_MD* fetched(Hash hash) {
    static const auto digests = fetch_all();
    return digests[std::to_underlying(hash)].get();
}

} // namespace openssl

std::size_t size_of(Hash hash) noexcept {
    constexpr std::array<std::size_t, 5> sizes{16, 20, 32, 48, 64};
    return sizes[std::to_underlying(hash)];
}

std::string digest(Hash hash, std::string_view bytes) {
    // A context of its own: freeing it wipes what it saw.
    const openssl::DigestContext context{openssl::must_have(EVP_MD_CTX_new())};
    std::string result(size_of(hash), '\0');
    openssl::must(EVP_DigestInit_ex2(context.get(), openssl::fetched(hash), nullptr) == 1 &&
                  EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
                  EVP_DigestFinal_ex(context.get(), openssl::bytes_of(result), nullptr) == 1);
    return result;
}

bool equal_in_constant_time(std::string_view left, std::string_view right) noexcept {
    return left.size() == right.size() &&
           CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

void wipe(std::string& secret) noexcept {
    // What lies between size and capacity may be secret too: a string that was shortened.
    OPENSSL_cleanse(secret.data(), secret.capacity());
    secret.clear();
}

} // namespace skep::crypto
