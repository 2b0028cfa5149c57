// Whatever goes in, only allowed sequences come out, in any split.
#include "base/bytes.hpp"
#include "recorder/terminal_filter.hpp"

#include <cstdint>
#include <cstdlib>
#include <regex>
#include <string>
#include <string_view>

using skep::recorder::TerminalFilter;

namespace {

/// A second opinion, written in another way: one allowed piece at the start of `text`, or 0.
std::size_t allowed_piece(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    if (first == '\n' || first == '\r' || first == '\b' || first == '\t') return 1;
    if (first >= 0x80) {
        const auto length = skep::utf8_length(text);
        return text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0 ? 0 : length;
    }
    if (first >= 0x20) return first == 0x7f ? 0 : 1;
    static const std::regex sequence{
        "\x1b(?:[78DEM]|\\[(?:[0-9:;]*m|[0-9;]*[@A-HJKLMPXST`abdefrsu]|\\?(?:7|25)[hl]|4[hl]))"};
    std::match_results<std::string_view::const_iterator> match;
    const bool found = std::regex_search(text.begin(), text.end(), match, sequence,
                                         std::regex_constants::match_continuous);
    return found ? static_cast<std::size_t>(match.length()) : 0;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 4096) return 0;
    // The first byte says where the rest is split.
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
    const auto cut = bytes.size() * data[0] / 256;
    TerminalFilter filter;
    auto out = filter.filter(bytes.substr(0, cut));
    out += filter.filter(bytes.substr(cut));
    TerminalFilter whole;
    if (whole.filter(bytes) != out) std::abort();
    std::string_view left{out};
    while (!left.empty()) {
        const auto length = allowed_piece(left);
        if (length == 0) std::abort();
        left.remove_prefix(length);
    }
    TerminalFilter text{TerminalFilter::Keep::text};
    if (text.filter(bytes).find('\x1b') != std::string::npos) std::abort();
    return 0;
}
