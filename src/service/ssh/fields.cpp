#include "service/ssh/fields.hpp"

#include <array>

namespace skep::service::ssh {
namespace {

constexpr Compat nothing{};
constexpr Compat old_openssh{.free_signature = true};
constexpr Compat openssh_5{.new_openssh = true, .free_signature = true, .keeps_port_zero = true};
constexpr Compat openssh_6{.new_openssh = true, .free_signature = true};
constexpr Compat new_openssh{.new_openssh = true};
constexpr Compat no_debug{.no_debug = true};
constexpr Compat old_session_id{.old_session_id = true};
constexpr Compat no_host_keys{.no_host_keys = true};

struct Row {
    std::string_view start;
    Compat compat;
};

// Every pattern that matters here is a beginning.
constexpr auto rows = std::to_array<Row>({
    {"OpenSSH_2", old_openssh},
    {"OpenSSH_3", old_openssh},
    {"Sun_SSH_1.0", old_openssh},
    {"OpenSSH_4", old_openssh},
    {"OpenSSH_5", openssh_5},
    {"OpenSSH_6.5", openssh_6},
    {"OpenSSH_6.6", openssh_6},
    {"OpenSSH_7.0", openssh_6},
    {"OpenSSH_7.1", openssh_6},
    {"OpenSSH_7.2", openssh_6},
    {"OpenSSH_7.3", openssh_6},
    {"OpenSSH_7.4", openssh_6},
    {"OpenSSH_7.5", openssh_6},
    {"OpenSSH_7.6", openssh_6},
    {"OpenSSH_7.7", openssh_6},
    {"OpenSSH", new_openssh},
    {"3.0 SecureCRT", old_session_id},
    {"3.0.", no_debug},
    {"1.7 SecureFX", old_session_id},
    {"Cisco-1.", no_host_keys},
    {"TeraTerm SSH", no_host_keys},
    {"TTSSH/1.5.", no_host_keys},
    {"TTSSH/2.1", no_host_keys},
    {"TTSSH/2.2", no_host_keys},
    {"TTSSH/2.3", no_host_keys},
    {"TTSSH/2.4", no_host_keys},
    {"TTSSH/2.5", no_host_keys},
    {"TTSSH/2.6", no_host_keys},
    {"TTSSH/2.70", no_host_keys},
    {"TTSSH/2.71", no_host_keys},
    {"TTSSH/2.72", no_host_keys},
    {"Twisted_", nothing},
    {"Twisted", no_debug},
});

} // namespace

std::optional<std::string_view> c_string(Reader& reader) {
    const auto text = reader.cstring();
    return reader.ok() ? std::optional{text} : std::nullopt;
}

std::optional<std::string_view> short_string(Reader& reader) {
    constexpr std::size_t string_bytes_max = 9000;
    const auto text = reader.string();
    if (!reader.ok() || text.size() > string_bytes_max) return std::nullopt;
    return text;
}

std::string_view until_nul(std::string_view text) {
    return text.substr(0, text.find('\0'));
}

std::string disconnect_text(std::string text) {
    constexpr std::size_t text_bytes_max = 1023;
    if (text.size() > text_bytes_max) text.resize(text_bytes_max);
    return text;
}

Compat compat_of(std::string_view identification) {
    // SSH-protoversion-softwareversion: the version begins after the second hyphen.
    const auto first = identification.find('-');
    const auto second =
        first == std::string_view::npos ? first : identification.find('-', first + 1);
    if (second == std::string_view::npos) return {};
    const auto version = identification.substr(second + 1);
    for (const auto& row : rows)
        if (version.starts_with(row.start)) return row.compat;
    return {};
}

} // namespace skep::service::ssh
