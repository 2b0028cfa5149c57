#include "service/ssh/host_keys.hpp"

#include <algorithm>
#include <ranges>

namespace skep::service::ssh {
namespace {

/// Names of keys (RFC 4253 section 6.6) in the order in which the profile offers their algorithms.
std::vector<std::string_view> types(const Profile& profile) {
    std::vector<std::string_view> found;
    for (const auto part : profile.host_keys | std::views::split(',')) {
        std::string_view type{part.begin(), part.end()};
        // RFC 8332 section 3: the signature's name changes, the key is still an ssh-rsa.
        if (type.starts_with("rsa-sha2-")) type = "ssh-rsa";
        if (std::ranges::find(found, type) == found.end()) found.push_back(type);
    }
    return found;
}

} // namespace

std::vector<crypto::KeyKind> host_key_kinds(const Profile& profile) {
    // ssh-keygen made RSA keys of 2048 bits until 7.9, and 3072 since 8.0; dropbearkey makes 2048
    // (DROPBEAR_DEFAULT_RSA_SIZE of 2022.83).
    const bool is_short = profile.family == Family::dropbear || profile.name.contains("openssh-7.");
    std::vector<crypto::KeyKind> kinds;
    for (const auto type : types(profile)) {
        if (type == "ssh-rsa")
            kinds.push_back(is_short ? crypto::KeyKind::rsa_2048 : crypto::KeyKind::rsa_3072);
        if (type == "ecdsa-sha2-nistp256") kinds.push_back(crypto::KeyKind::ecdsa_p256);
        if (type == "ssh-ed25519") kinds.push_back(crypto::KeyKind::ed25519);
    }
    return kinds;
}

std::vector<crypto::HostKey> in_order(const Profile& profile, std::vector<crypto::HostKey> keys) {
    std::vector<crypto::HostKey> ordered;
    for (const auto type : types(profile)) {
        const auto found = std::ranges::find(keys, type, &crypto::HostKey::type);
        if (found == keys.end()) continue;
        ordered.push_back(std::move(*found));
        keys.erase(found);
    }
    return ordered;
}

} // namespace skep::service::ssh
