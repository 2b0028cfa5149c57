#include "base/crypto/password.hpp"

#include "base/crypto/random.hpp"

#include <array>
#include <cstdlib>
#include <sodium.h>

namespace skep::crypto {
namespace {

/// 32 characters, so that each carries 5 bits: no 0 o, no 1 l.
constexpr std::string_view alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
static_assert(alphabet.size() == 32);
constexpr std::size_t password_characters = 20;

void need_sodium() {
    if (sodium_init() < 0) std::abort();
}

} // namespace

std::string hash_password(std::string_view password) {
    need_sodium();
    std::array<char, crypto_pwhash_STRBYTES> hash{};
    if (crypto_pwhash_str(hash.data(), password.data(), password.size(),
                          crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        std::abort();
    return hash.data();
}

bool verify_password(std::string_view hash, std::string_view password) {
    need_sodium();
    if (hash.size() >= crypto_pwhash_STRBYTES) return false;
    // libsodium reads up to the size of its own hashes: the copy is padded with NUL.
    std::array<char, crypto_pwhash_STRBYTES> copy{};
    hash.copy(copy.data(), hash.size());
    return crypto_pwhash_str_verify(copy.data(), password.data(), password.size()) == 0;
}

std::string make_password() {
    std::string password;
    password.reserve(password_characters);
    while (password.size() < password_characters)
        password += alphabet[random_below(alphabet.size())];
    return password;
}

} // namespace skep::crypto
