#include "service/ssh/clients.hpp"

#include "base/bytes.hpp"

#include <algorithm>
#include <array>

namespace skep::service::ssh {
namespace {

using enum ClientKind;

/// Every byte of a literal, zeros too.
template <std::size_t Size> constexpr std::string_view bytes(const char (&literal)[Size]) {
    return {literal, Size - 1};
}

/// A row of what clients call themselves.
struct Software {
    std::string_view pattern; ///< `*` stands for any bytes; the first one is the version.
    std::string_view tool;
    ClientKind kind;
    std::string_view stack; ///< Implementation that it speaks with; empty if any may be.
    bool is_false = false;  ///< Only an impostor says so.
};

/// A row of algorithm lists.
struct Lists {
    std::string_view hassh;
    std::string_view tool;
    std::string_view version;
    ClientKind kind;
    std::string_view stack;
};

constexpr std::array softwares{
#define SOFTWARE(pattern, tool, kind, stack, source) Software{bytes(pattern), tool, kind, stack},
#define FALSE_NAME(pattern, tool, kind, stack, source)                                             \
    Software{bytes(pattern), tool, kind, stack, true},
#define HASSH(hassh, tool, version, kind, stack, source)
#include "service/ssh/clients.def"
#undef SOFTWARE
#undef FALSE_NAME
#undef HASSH
};

constexpr std::array lists{
#define SOFTWARE(pattern, tool, kind, stack, source)
#define FALSE_NAME(pattern, tool, kind, stack, source)
#define HASSH(hassh, tool, version, kind, stack, source) Lists{hassh, tool, version, kind, stack},
#include "service/ssh/clients.def"
#undef SOFTWARE
#undef FALSE_NAME
#undef HASSH
};

/// In rows that know who it is not.
constexpr std::string_view unknown_tool = "unknown";

/// Longest line that patterns are looked for in: they have at most three stars, and the peer
/// chooses the text.
constexpr std::size_t text_bytes_max = 512;

const Software* find_software(std::string_view identification) {
    const auto text = identification.substr(0, text_bytes_max);
    const auto* found = std::ranges::find_if(
        softwares, [&](const Software& row) { return matches_pattern(row.pattern, text); });
    return found == softwares.end() ? nullptr : found;
}

const Lists* find_lists(std::string_view hassh) {
    const auto* found = std::ranges::find(lists, hassh, &Lists::hassh);
    return found == lists.end() ? nullptr : found;
}

/// What stands in `identification` where the pattern has its first star, up to a space: `9.2p1`.
std::string_view version_of(const Software& row, std::string_view identification) {
    const auto star = row.pattern.find('*');
    if (star == std::string_view::npos || row.kind == other_protocol) return {};
    const auto rest = identification.substr(star);
    return rest.substr(0, rest.find(' '));
}

} // namespace

std::string_view name(ClientKind kind) noexcept {
    switch (kind) {
    case client: return "client";
    case library: return "library";
    case scanner: return "scanner";
    case brute_forcer: return "brute_forcer";
    case bot: return "bot";
    case other_protocol: return "other_protocol";
    }
    return {};
}

std::string_view name(ClientLabel::By by) noexcept {
    switch (by) {
    case ClientLabel::By::identification: return "identification";
    case ClientLabel::By::hassh: return "hassh";
    case ClientLabel::By::both: return "both";
    }
    return {};
}

std::optional<ClientLabel> recognise(std::string_view identification, std::string_view hassh) {
    const auto* said = find_software(identification);
    const auto* shown = find_lists(hassh);
    if (said == nullptr && shown == nullptr) return {};
    ClientLabel label;
    const bool contradicts = said != nullptr && shown != nullptr && !said->stack.empty() &&
                             !shown->stack.empty() && said->stack != shown->stack;
    label.spoofed = contradicts || (said != nullptr && said->is_false);
    // Lists of one tool, as ZGrab's, say more than the library that it is written with.
    const bool lists_say_more =
        shown != nullptr && (said == nullptr || contradicts || said->tool == unknown_tool ||
                             shown->tool != shown->stack);
    label.tool = lists_say_more ? shown->tool : said->tool;
    label.kind = lists_say_more ? shown->kind : said->kind;
    if (said != nullptr && !label.spoofed) label.version = version_of(*said, identification);
    if (label.version.empty() && shown != nullptr) label.version = shown->version;
    label.by = said == nullptr || contradicts ? ClientLabel::By::hassh
               : shown == nullptr             ? ClientLabel::By::identification
                                              : ClientLabel::By::both;
    return label;
}

} // namespace skep::service::ssh
