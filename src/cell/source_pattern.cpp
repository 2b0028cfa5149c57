#include "cell/source_pattern.hpp"

#include "base/bytes.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace skep::cell {
namespace {

constexpr std::size_t cidr_bytes_max = 63;      // addrbuf of addr_pton_cidr()
constexpr std::size_t pattern_bytes_max = 1022; // sub of match_pattern_list()
constexpr unsigned v4_bits = 32, v6_bits = 128, byte_bits = 8;

struct Address {
    std::array<unsigned char, 16> bytes{};
    unsigned bits = 0; ///< 32 or 128.
};

/// getaddrinfo() with AI_NUMERICHOST takes IPv4 in all of inet_aton()'s forms.
std::optional<Address> parse_address(const std::string& text) {
    Address address;
    in_addr v4{};
    if (::inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) {
        address.bits = v6_bits;
        return address;
    }
    const bool plain = text.find_first_of(" \t\r\n\v\f") == std::string::npos;
    if (!plain || ::inet_aton(text.c_str(), &v4) != 1) return std::nullopt;
    address.bits = v4_bits;
    const auto* bytes = reinterpret_cast<const unsigned char*>(&v4);
    std::copy_n(bytes, sizeof v4, address.bytes.begin());
    return address;
}

bool bit(const Address& address, unsigned at) {
    return ((address.bytes.at(at / byte_bits) >> (byte_bits - 1 - at % byte_bits)) & 1U) != 0;
}

enum class Network : std::uint8_t { none, inconsistent, other, same };

/// addr_pton_cidr() and addr_netmatch()
Network match_network(std::string_view text, const Address& peer) {
    if (text.size() > cidr_bytes_max) return Network::none;
    const auto slash = text.find('/');
    unsigned long length = 0;
    if (slash != std::string_view::npos) {
        const auto digits = text.substr(slash + 1);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), length);
        if (error != std::errc{} || end != digits.data() + digits.size() || length > v6_bits)
            return Network::none;
    }
    const auto network = parse_address(std::string{text.substr(0, slash)});
    if (!network) return Network::none;
    if (slash == std::string_view::npos) length = network->bits;
    if (length > network->bits) return Network::inconsistent;
    for (auto at = static_cast<unsigned>(length); at < network->bits; ++at)
        if (bit(*network, at)) return Network::inconsistent;
    if (network->bits != peer.bits) return Network::other;
    for (unsigned at = 0; at < length; ++at)
        if (bit(*network, at) != bit(peer, at)) return Network::other;
    return Network::same;
}

/// Takes the next entry off a list, whose end is told by `more`.
std::string_view take_entry(std::string_view& list, bool& more) {
    const auto comma = list.find(',');
    const auto entry = list.substr(0, comma);
    more = comma != std::string_view::npos;
    list.remove_prefix(more ? comma + 1 : list.size());
    return entry;
}

enum class Listed : std::uint8_t { no, yes, negated, invalid };

/// addr_match_list()
Listed match_addresses(std::string_view list, std::string_view text, const Address& peer) {
    auto result = Listed::no;
    for (bool more = true; more;) {
        auto entry = take_entry(list, more);
        const bool negated = entry.starts_with('!');
        if (negated) entry.remove_prefix(1);
        if (entry.empty()) return Listed::invalid;
        const auto network = match_network(entry, peer);
        if (network == Network::inconsistent) return Listed::invalid;
        const bool found =
            network == Network::same || (network == Network::none && matches_pattern(entry, text));
        if (found && negated) return Listed::negated;
        if (found) result = Listed::yes;
    }
    return result;
}

/// match_pattern_list() of the host's name, which is its address: lower case.
Listed match_names(std::string_view list, std::string_view text) {
    auto result = Listed::no;
    while (!list.empty()) {
        bool more = false;
        std::string entry{take_entry(list, more)};
        const bool negated = entry.starts_with('!');
        if (negated) entry.erase(0, 1);
        if (entry.size() > pattern_bytes_max) return Listed::no;
        if (!matches_pattern(to_lower(entry), text)) continue;
        if (negated) return Listed::negated;
        result = Listed::yes;
    }
    return result;
}

} // namespace

SourceMatch match_source(std::string_view patterns, std::string_view address) {
    const auto peer = parse_address(std::string{address});
    const auto by_address = peer ? match_addresses(patterns, address, *peer) : Listed::no;
    if (by_address == Listed::invalid) return SourceMatch::invalid;
    if (by_address == Listed::negated) return SourceMatch::no;
    const auto by_name = match_names(patterns, address);
    if (by_name == Listed::negated) return SourceMatch::no;
    return by_address == Listed::yes || by_name == Listed::yes ? SourceMatch::yes : SourceMatch::no;
}

} // namespace skep::cell
