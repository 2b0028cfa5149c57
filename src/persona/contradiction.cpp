// What inside a persona must fit together. Each sentence starts with the key that is wrong.
#include "persona/template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace skep::persona {
namespace {

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t max, int base = 10) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size() || value > max) return {};
    return value;
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(at);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::optional<std::uint32_t> ipv4(std::string_view text) {
    const auto parts = split(text, '.');
    if (parts.size() != 4) return {};
    std::uint32_t address = 0;
    for (const auto part : parts) {
        const auto octet = number(part, 255);
        if (!octet) return {};
        address = address << 8 | *octet;
    }
    return address;
}

/// RFC 1123 section 2.1, one label: letters, digits and inner hyphens, at most 63.
bool is_label(std::string_view text) {
    const auto is_fit = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-';
    };
    return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, is_fit) &&
           text.front() != '-' && text.back() != '-';
}

bool is_unicast_mac(std::string_view text) {
    const auto parts = split(text, ':');
    const auto is_byte = [](std::string_view part) {
        return part.size() == 2 && number(part, 255, 16).has_value();
    };
    const auto is_group = [](std::string_view part) {
        return (number(part, 255, 16).value_or(1) & 1) != 0;
    };
    return parts.size() == 6 && std::ranges::all_of(parts, is_byte) && !is_group(parts[0]);
}

/// Why `address` and `gateway` are no addresses of one network, or empty.
std::string network_fault(const Persona& persona) {
    const auto parts = split(persona.address, '/');
    const auto host = ipv4(parts[0]);
    const auto prefix = parts.size() == 2 ? number(parts[1], 30) : std::nullopt;
    if (!host || !prefix || *prefix < 8)
        return "`address` must be an IPv4 address with a prefix length, as 10.20.3.7/24";
    const auto gateway = ipv4(persona.gateway);
    const auto mask = ~std::uint32_t{0} << (32 - *prefix);
    if (!gateway || (*gateway & mask) != (*host & mask))
        return fmt::format("`gateway` must be an IPv4 address of the network of {}",
                           persona.address);
    if (*gateway == *host) return "`gateway` must be another address than `address`";
    return {};
}

std::string kernel_fault(const Persona& persona) {
    if (persona.machine != "x86_64")
        return "`machine` must be x86_64: cells run programs of this processor only";
    if (!persona.proc_version.starts_with("Linux version " + persona.kernel_release + ' '))
        return fmt::format("`proc_version` must begin with `Linux version {} `",
                           persona.kernel_release);
    if (!persona.proc_version.ends_with(' ' + persona.kernel_version))
        return "`proc_version` must end with the text of `kernel_version`";
    if (persona.cpu_vendor != "GenuineIntel" && persona.cpu_vendor != "AuthenticAMD")
        return "`cpu_vendor` must be GenuineIntel or AuthenticAMD";
    return {};
}

/// RFC 4253 section 4.2: "SSH-protoversion-softwareversion SP comments CR LF", in printable
/// US-ASCII, at most 255 characters with CR and LF.
std::string ssh_fault(const Persona& persona) {
    constexpr std::size_t identification_bytes_max = 253;
    const auto& line = persona.ssh_identification;
    if (line.empty()) return {};
    if (persona.ssh_server.empty())
        return "`ssh_identification` says nothing without the key `ssh_server`";
    const auto is_fit = [](char c) { return c >= ' ' && c <= '~'; };
    if (!line.starts_with("SSH-2.0-") || line.size() > identification_bytes_max ||
        !std::ranges::all_of(line, is_fit))
        return fmt::format("`ssh_identification` must be a line as SSH-2.0-OpenSSH_9.2p1 Debian-2, "
                           "at most {} characters",
                           identification_bytes_max);
    return {};
}

} // namespace

std::string contradiction(const Persona& persona) {
    if (!is_label(persona.hostname))
        return "`hostname` must be letters, digits and hyphens, at most 63, as web01";
    if (!std::ranges::all_of(split(persona.domain, '.'), is_label))
        return "`domain` must be such names separated by dots, as example.net";
    if (auto fault = kernel_fault(persona); !fault.empty()) return fault;
    if (persona.disk_used_kib > persona.disk_kib)
        return "`disk_used_kib` must not be more than `disk_kib`";
    if (!is_unicast_mac(persona.mac))
        return "`mac` must be six bytes of one card, as 52:54:00:12:34:56";
    if (auto fault = network_fault(persona); !fault.empty()) return fault;
    if (auto fault = ssh_fault(persona); !fault.empty()) return fault;
    constexpr std::array servers{"inetutils-2.4", "busybox-1.30"};
    if (std::ranges::find(servers, persona.telnet_server) == servers.end())
        return fmt::format("`telnet_server` must be one of {}", fmt::join(servers, ", "));
    return {};
}

} // namespace skep::persona
