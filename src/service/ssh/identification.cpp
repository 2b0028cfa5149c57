#include "service/ssh/identification.hpp"

#include "base/bytes.hpp"
#include "service/ssh/name_list.hpp"

#include <algorithm>
#include <optional>

namespace skep::service::ssh {
namespace {

using State = Identification::State;

constexpr std::size_t line_bytes_max = 8192;      ///< SSH_MAX_BANNER_LEN
constexpr std::size_t short_line_bytes_max = 255; ///< OpenSSH before 8.0, and dropbear.
constexpr std::string_view invalid = "Invalid SSH identification string.\r\n";

bool is_space(char byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/// scanf's %d: spaces, a sign, digits; what does not fit a long becomes its limit, and of that an
/// int keeps the low half (glibc).
std::optional<std::int32_t> scan_number(std::string_view& text) {
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
    std::int64_t value = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
        const auto digit = text.front() - '0';
        if (__builtin_mul_overflow(value, std::int64_t{10}, &value) ||
            __builtin_add_overflow(value, std::int64_t{digit}, &value))
            value = INT64_MAX;
    }
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(negative ? -value : value));
}

struct Version {
    std::int32_t major = 0, minor = 0;
    std::string_view software;
};

/// sscanf(line, "SSH-%d.%d-%[^\n]\n")
std::optional<Version> scan_version(std::string_view line) {
    line = line.substr(0, line.find('\0'));
    if (!line.starts_with("SSH-")) return std::nullopt;
    line.remove_prefix(4);
    const auto major = scan_number(line);
    if (!major || !line.starts_with('.')) return std::nullopt;
    line.remove_prefix(1);
    const auto minor = scan_number(line);
    if (!minor || !line.starts_with('-') || line.size() == 1) return std::nullopt;
    return Version{*major, *minor, line.substr(1)};
}

Identification refuse(Identification result, std::string_view reply, std::string_view why) {
    result.state = State::refused;
    result.reply = reply;
    result.why = why;
    return result;
}

bool is_old_protocol(const Version& version) {
    return version.major != 2 && (version.major != 1 || version.minor != 99);
}

/// What both generations of OpenSSH do with a whole line.
Identification judge(Identification result, bool short_form) {
    const auto version = scan_version(result.line);
    if (!version)
        return refuse(std::move(result), short_form ? "Protocol mismatch.\n" : invalid,
                      "identification_invalid");
    if (short_form && quirks_of(result.line).leaves)
        return refuse(std::move(result), {}, "identification_scanner");
    if (is_old_protocol(*version))
        return refuse(std::move(result),
                      short_form ? "Protocol major versions differ.\n"
                                 : "Protocol major versions differ.\r\n",
                      "identification_version");
    if (quirks_of(result.line).leaves)
        return refuse(std::move(result), {}, "identification_scanner");
    result.state = State::accepted;
    return result;
}

/// kex_exchange_identification() since OpenSSH 8.0.
Identification read_openssh(std::string_view bytes) {
    Identification result;
    bool line_feed_due = false;
    for (const char byte : bytes) {
        ++result.used;
        if (byte == '\r') {
            line_feed_due = true;
            continue;
        }
        if (byte == '\n') {
            // "Do not accept lines before the SSH ident from a client"
            return judge(std::move(result), false);
        }
        if (byte == '\0' || line_feed_due)
            return refuse(std::move(result), invalid, "identification_bytes");
        result.line += byte;
        if (result.line.size() > line_bytes_max)
            return refuse(std::move(result), invalid, "identification_long");
    }
    return result;
}

/// sshd_exchange_identification() of OpenSSH 7: a carriage return ends the line as C has it, and a
/// line goes on after it until its line feed.
Identification read_openssh_short(std::string_view bytes) {
    const auto end = bytes.substr(0, short_line_bytes_max).find('\n');
    const bool ended = end != std::string_view::npos;
    if (!ended && bytes.size() < short_line_bytes_max) return {.used = bytes.size()};
    Identification result{.used = ended ? end + 1 : short_line_bytes_max};
    result.line = bytes.substr(0, ended ? end : short_line_bytes_max);
    result.line.resize(std::min(result.line.size(), result.line.find_first_of({"\r\0", 2})));
    return judge(std::move(result), true);
}

/// ident_readln() and read_session_identification() of dropbear.
Identification read_dropbear(std::string_view bytes) {
    Identification result;
    for (const char byte : bytes) {
        ++result.used;
        if (byte != '\n' && byte != '\r') result.line += byte;
        if (byte != '\n' && result.line.size() < short_line_bytes_max) continue;
        result.line.resize(std::min(result.line.size(), result.line.find('\0')));
        if (!result.line.starts_with("SSH-2.") && !result.line.starts_with("SSH-1.99-")) {
            const auto* const weird = result.line.starts_with("SSH-") ? "identification_version"
                                                                      : "identification_invalid";
            return refuse(std::move(result), {}, weird);
        }
        result.state = State::accepted;
        return result;
    }
    return result;
}

struct QuirkRow {
    std::string_view patterns;
    Quirks quirks;
};

// The first row that matches counts; rows without a quirk shield clients from later ones.
constexpr QuirkRow quirk_rows[] = {
    {"Sun_SSH_1.0*", {.no_rekey = true}},
    {"OpenSSH_6.6.1*", {}},
    {"OpenSSH_6.5*,OpenSSH_6.6*", {.no_libssh_curve = true}},
    {"OpenSSH*,*MindTerm*,3.0.*,3.0 SecureCRT*,1.7 SecureFX*,1.2.18*,1.2.19*,1.2.20*,1.2.21*,"
     "1.2.22*,1.3.2*,Cisco-1.*,*SSH Compatible Server*,*OSU_0*,OSU_1.0*,OSU_1.1*,OSU_1.2*,"
     "OSU_1.3*,OSU_1.4*,OSU_1.5alpha1*,OSU_1.5alpha2*,OSU_1.5alpha3*",
     {}},
    {"*SSH_Version_Mapper*", {.leaves = true}},
    {"PuTTY_Local:*,PuTTY-Release-0.5*,PuTTY_Release_0.5*,PuTTY_Release_0.60*,"
     "PuTTY_Release_0.61*,PuTTY_Release_0.62*,PuTTY_Release_0.63*,PuTTY_Release_0.64*,FuTTY*",
     {.no_group_exchange = true}},
    {"Probe-*", {.leaves = true}},
    {"WinSCP_release_4*,WinSCP_release_5.0*,WinSCP_release_5.1,WinSCP_release_5.1.*,"
     "WinSCP_release_5.5,WinSCP_release_5.5.*,WinSCP_release_5.6,WinSCP_release_5.6.*,"
     "WinSCP_release_5.7,WinSCP_release_5.7.1,WinSCP_release_5.7.2,WinSCP_release_5.7.3,"
     "WinSCP_release_5.7.4",
     {.no_group_exchange = true}},
};

} // namespace

Identification read_identification(const Profile& profile, std::string_view bytes) {
    if (profile.family == Family::dropbear) return read_dropbear(bytes);
    return profile.short_identification ? read_openssh_short(bytes) : read_openssh(bytes);
}

Quirks quirks_of(std::string_view line) {
    const auto version = scan_version(line);
    if (!version) return {};
    for (const auto& row : quirk_rows)
        for (auto patterns = row.patterns; !patterns.empty();)
            if (matches_pattern(take_name(patterns), version->software)) return row.quirks;
    return {};
}

} // namespace skep::service::ssh
