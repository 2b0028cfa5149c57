// telnetd/utility.c, getterminaltype(): which of the client's terminal types is used.
#include "service/telnet/inetutils.hpp"

#include <algorithm>
#include <array>

namespace skep::service::telnet {
namespace {

using namespace std::string_view_literals;

constexpr auto ask_for_type = "\x18\x01"sv;

/// Names that tgetent() finds on a Debian 12 with ncurses-base, in lower case as telnetd asks.
constexpr std::array known_types{
    "ansi"sv,
    "cons25"sv,
    "cons25-debian"sv,
    "cygwin"sv,
    "dumb"sv,
    "hurd"sv,
    "linux"sv,
    "mach"sv,
    "mach-bold"sv,
    "mach-color"sv,
    "mach-gnu"sv,
    "mach-gnu-color"sv,
    "pcansi"sv,
    "rxvt"sv,
    "rxvt-basic"sv,
    "rxvt-m"sv,
    "rxvt-unicode"sv,
    "rxvt-unicode-256color"sv,
    "screen"sv,
    "screen-256color"sv,
    "screen-256color-bce"sv,
    "screen-bce"sv,
    "screen-s"sv,
    "screen-w"sv,
    "screen.xterm-256color"sv,
    "sun"sv,
    "tmux"sv,
    "tmux-256color"sv,
    "vt100"sv,
    "vt102"sv,
    "vt220"sv,
    "vt52"sv,
    "wsvt25"sv,
    "wsvt25m"sv,
    "xterm"sv,
    "xterm-256color"sv,
    "xterm-color"sv,
    "xterm-debian"sv,
    "xterm-mono"sv,
    "xterm-r5"sv,
    "xterm-r6"sv,
    "xterm-vt220"sv,
    "xterm-xfree86"sv,
};

} // namespace

/// _gettermname()
void Inetutils::ask_type() {
    if (!options_.at(option::terminal_type).his) return;
    answered_ = 0;
    send_sub(ask_for_type, false);
}

/// terminaltypeok()
bool Inetutils::know_type() {
    return !extra().type ||
           std::ranges::binary_search(known_types, std::string_view{*extra().type});
}

/// getterminaltype(), second half: asks for the next type while the last one is unknown, until one
/// comes twice; then for the first again. True when the type is settled.
bool Inetutils::settle_type() {
    const bool his = options_.at(option::terminal_type).his;
    if (stage_ != Stage::terminal_type && his && (answered_ & type_answer) == 0) return false;
    if (stage_ == Stage::terminal_type) {
        if (!his || know_type()) return true;
        extra().first_type = *extra().type;
    } else if (stage_ == Stage::next_type) {
        if (know_type()) return true;
        if (extra().last_type == *extra().type || !his) {
            if (extra().first_type == *extra().type) return true;
            stage_ = Stage::first_type_again;
            ask_type();
            return !his && settle_type();
        }
    } else {
        extra().type = extra().first_type;
        return true;
    }
    extra().last_type = *extra().type;
    stage_ = Stage::next_type;
    ask_type();
    return !his && settle_type();
}

} // namespace skep::service::telnet
