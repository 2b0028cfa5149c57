#include "service/ssh/auth_delay.hpp"

#include "base/crypto/sha256.hpp"
#include "base/crypto/ssh_key.hpp"

#include <cstring>
#include <string>

namespace skep::service::ssh {
namespace {

std::uint64_t big_endian(std::string_view bytes, std::size_t count) {
    std::uint64_t value = 0;
    for (const char byte : bytes.substr(0, count))
        value = value << 8U | static_cast<std::uint8_t>(byte);
    return value;
}

} // namespace

std::uint64_t timing_secret(std::span<const crypto::HostKey> host_keys) {
    if (host_keys.empty()) return 0;
    const auto* smallest = &host_keys.front();
    for (const auto& key : host_keys)
        if (key.blob().size() < smallest->blob().size()) smallest = &key;
    auto pem = smallest->to_pem();
    const auto secret = big_endian(crypto::sha256(pem), sizeof(std::uint64_t));
    explicit_bzero(pem.data(), pem.size());
    return secret;
}

Micros user_delay(std::uint64_t secret, std::string_view user) {
    constexpr Micros delay_min = 5000;
    const auto digest = crypto::sha256(std::to_string(secret) + std::string{user});
    return delay_min + static_cast<Micros>(big_endian(digest, sizeof(std::uint32_t)) / 1'000'000);
}

Micros minimum_time(Micros elapsed, Micros delay) noexcept {
    while (delay < elapsed)
        delay *= 2;
    return delay;
}

} // namespace skep::service::ssh
