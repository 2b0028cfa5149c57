#include "hub/accounts.hpp"

#include "base/bytes.hpp"
#include "base/crypto/password.hpp"
#include "base/crypto/random.hpp"
#include "base/crypto/sha256.hpp"

#include <algorithm>
#include <fstream>

namespace skep::hub {
namespace {

constexpr std::size_t token_bytes = 32;
constexpr Micros hour = 3'600'000'000;
constexpr std::size_t hash_bytes_max = 256;

/// Known to whoever knows the token, and tells nothing about it.
std::string csrf_of(std::string_view token) {
    return crypto::sha256_hex("csrf:" + std::string{token});
}

} // namespace

std::int64_t Accounts::admit(std::string_view address) {
    const auto now = clock_.now();
    const auto wait = by_address_.take(rate_key(address), now);
    return wait != 0 ? wait : all_.take("", now);
}

void Accounts::drop_expired() {
    const auto now = clock_.now();
    std::erase_if(logins_, [&](const auto& entry) { return entry.second.expires <= now; });
}

Login Accounts::open() {
    drop_expired();
    if (logins_.size() >= limits_.sessions_max)
        logins_.erase(std::ranges::min_element(
            logins_, {}, [](const auto& entry) { return entry.second.expires; }));
    Login login;
    login.token = hex(crypto::random_bytes(token_bytes));
    login.csrf = csrf_of(login.token);
    login.expires = clock_.now() + limits_.session_hours * hour;
    logins_[crypto::sha256(login.token)] = {.expires = login.expires};
    return login;
}

std::optional<Login> Accounts::find(std::string_view token) {
    if (token.size() != 2 * token_bytes) return std::nullopt;
    // The look-up compares hashes, so its time says nothing about a token.
    const auto found = logins_.find(crypto::sha256(token));
    if (found == logins_.end()) return std::nullopt;
    if (found->second.expires <= clock_.now()) {
        logins_.erase(found);
        return std::nullopt;
    }
    Login login;
    login.csrf = csrf_of(token);
    login.expires = found->second.expires;
    return login;
}

bool Accounts::is_csrf(std::string_view token, std::string_view csrf) {
    return crypto::sha256(csrf) == crypto::sha256(csrf_of(token));
}

void Accounts::close(std::string_view token) {
    logins_.erase(crypto::sha256(token));
}

Result<bool> check_password(const std::string& file, std::string_view password) {
    std::ifstream in{file, std::ios::binary};
    std::string hash(hash_bytes_max, '\0');
    in.read(hash.data(), static_cast<std::streamsize>(hash.size()));
    hash.resize(static_cast<std::size_t>(in.gcount()));
    while (!hash.empty() && (hash.back() == '\n' || hash.back() == '\r'))
        hash.pop_back();
    if (hash.empty()) return fail(Fault::refused, "no password is set; `skep password` sets one");
    return crypto::verify_password(hash, password);
}

} // namespace skep::hub
