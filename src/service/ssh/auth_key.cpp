#include "service/ssh/auth_key.hpp"

#include <algorithm>
#include <array>

namespace skep::service::ssh {
namespace {

constexpr auto algorithms = std::to_array<KeyAlgorithm>({
    {"ssh-ed25519", "ssh-ed25519"},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"},
    {"rsa-sha2-512", "ssh-rsa"},
    {"rsa-sha2-256", "ssh-rsa"},
    {"ssh-rsa", "ssh-rsa"},
});

} // namespace

const KeyAlgorithm* find_key_algorithm(std::string_view name) {
    const auto* found = std::ranges::find(algorithms, name, &KeyAlgorithm::name);
    return found == algorithms.end() ? nullptr : found;
}

std::string signed_bytes(const SignedRequest& request) {
    Writer out{Msg::userauth_request};
    out.string(request.user).string(request.service).string(request.method);
    out.u8(request.offer.has_signature);
    out.string(request.offer.algorithm).string(request.offer.blob);
    if (!request.host_key.empty()) out.string(request.host_key);
    return std::move(out).take();
}

std::string_view signature_algorithm(std::string_view signature) {
    Reader reader{signature};
    return reader.string();
}

} // namespace skep::service::ssh
