#include "masks.hpp"

#include "wire.hpp"

#include <array>
#include <regex>
#include <string_view>

namespace skep::tests {
namespace {

struct Mask {
    const char* name;
    const char* reason;
    std::regex pattern;
    const char* instead;
};

const std::array<Mask, 3>& masks() {
    static const std::array<Mask, 3> all{
        Mask{"host-info", "canonical host name and number of the pty",
             std::regex{R"(\(([-A-Za-z0-9.]+)\) \(pts/[0-9]+\))"}, "(HOST) (TTY)"},
        Mask{"last-login", "time and place of the login before; Skep keeps no /var/log/lastlog",
             std::regex{R"(Last login: [^\r\n]*\r\n)"}, ""},
        Mask{"tty-name", "number of the pty", std::regex{R"(/dev/pts/[0-9]+)"}, "TTY"},
    };
    return all;
}

/// Mask "death-synch": when its login dies by a signal telnetd repeats IAC DM until it learns of
/// the death, from half of one to some hundred times, and marks whichever was sent last as urgent.
std::string without_synch(const std::string& bytes) {
    std::string kept;
    for (std::size_t i = 0; i < bytes.size();) {
        const std::string_view rest{bytes.data() + i, bytes.size() - i};
        if (rest.starts_with(urgent_mark))
            i += urgent_mark.size();
        else if (rest.starts_with("\xff\xf2"))
            i += 2;
        else if (rest == "\xff")
            i += 1;
        else
            kept += bytes[i++];
    }
    return kept;
}

/// Mask "death-echo": whether the echo of the key that killed the login is still read before the
/// connection is closed is a race inside telnetd.
std::string without_death_echo(const std::string& bytes) {
    static const std::regex echo{R"(\^[C\\][^\r\n]*$)"};
    return std::regex_replace(bytes, echo, "");
}

} // namespace

std::string mask(std::string bytes, bool ended) {
    for (const auto& one : masks())
        bytes = std::regex_replace(bytes, one.pattern, one.instead);
    return ended ? without_death_echo(without_synch(bytes)) : bytes;
}

} // namespace skep::tests
