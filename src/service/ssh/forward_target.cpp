#include "service/ssh/forward_target.hpp"

#include "base/bytes.hpp"
#include "base/crypto/random.hpp"
#include "base/crypto/sha256.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace skep::service::ssh {
namespace {

constexpr std::size_t name_bytes_max = 253; // RFC 1035 section 2.3.4, without the root's dot
constexpr std::size_t label_bytes_max = 63;

bool is_name_byte(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

bool is_number(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char byte) { return byte >= '0' && byte <= '9'; });
}

bool is_ipv6_like(std::string_view host) {
    return host.contains(':') && std::ranges::all_of(host, [](char byte) {
               return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
                      (byte >= 'A' && byte <= 'F') || byte == ':' || byte == '.';
           });
}

/// Names below `invalid` never exist (RFC 6761 section 6.4); a last label of digits belongs to an
/// address and is right only if it is one (inet_aton: each part small enough).
bool is_address_or_name(std::string_view host) {
    const auto last = host.substr(host.rfind('.') + 1);
    if (last == "invalid") return false;
    if (!is_number(last)) return true;
    int parts = 0;
    for (auto rest = host;; ++parts) {
        const auto part = rest.substr(0, rest.find('.'));
        if (!is_number(part) || part.size() > 10) return false;
        if (std::stoul(std::string{part}) > (parts > 0 ? 0xffffffU : 0xffffffffU)) return false;
        if (part.size() == rest.size()) return parts < 4;
        if (std::stoul(std::string{part}) > 255) return false;
        rest.remove_prefix(part.size() + 1);
    }
}

} // namespace

bool can_resolve(std::string_view host) {
    if (is_ipv6_like(host)) return true;
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.empty() || host.size() > name_bytes_max) return false;
    for (auto rest = host;;) {
        const auto label = rest.substr(0, rest.find('.'));
        if (label.empty() || label.size() > label_bytes_max) return false;
        if (!std::ranges::all_of(label, is_name_byte)) return false;
        if (label.size() == rest.size()) break;
        rest.remove_prefix(label.size() + 1);
    }
    return is_address_or_name(host);
}

bool is_loopback(std::string_view host) {
    auto name = to_lower(host);
    if (name.ends_with('.')) name.pop_back();
    constexpr std::string_view mapped = "::ffff:127.";
    constexpr std::array names{"localhost", "ip6-localhost", "::1", "::", "0.0.0.0", "0"};
    return name.starts_with("127.") || name.starts_with(mapped) ||
           std::ranges::any_of(names, [&](const char* one) { return name == one; });
}

Micros connect_time(std::string_view host) {
    if (is_loopback(host)) return 60 + static_cast<Micros>(crypto::random_below(240));
    const auto digest = crypto::sha256(host);
    const auto distance = static_cast<std::uint8_t>(digest[0]) * 256 +
                          static_cast<std::uint8_t>(digest[1]); // 0 to 65535: up to 131 ms
    return 8'000 + Micros{distance} * 2 + static_cast<Micros>(crypto::random_below(3'000));
}

Micros resolve_failure_time() {
    return 2'000 + static_cast<Micros>(crypto::random_below(28'000));
}

} // namespace skep::service::ssh
