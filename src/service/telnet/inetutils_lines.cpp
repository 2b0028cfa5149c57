// telnetd/termstat.c: line mode and flow control.
#include "service/telnet/inetutils.hpp"

namespace skep::service::telnet {
namespace {

constexpr std::uint8_t mode_edit = 1, mode_trap = 2, mode_ack = 4, mode_soft_tab = 8;
constexpr std::uint8_t mode_literal_echo = 0x10, mode_mask = 0x1f;
constexpr std::uint8_t lm_mode = 1, lm_slc = 3;
constexpr char lflow_on = 1, lflow_off = 0, lflow_restart_xon = 3;

} // namespace

/// A subnegotiation. Where telnetd formats it into an array that is one byte too long, that byte, a
/// NUL, follows on the wire.
void Inetutils::send_sub(std::string_view body, bool stray_nul) {
    out.bytes += "\xff\xfa";
    out.bytes += body;
    out.bytes += "\xff\xf0";
    if (stray_nul) out.bytes += '\0';
}

void Inetutils::send_edit_mode(std::uint8_t mode) {
    const std::string body{static_cast<char>(option::line_mode), static_cast<char>(lm_mode),
                           static_cast<char>(mode)};
    send_sub(body, true);
}

/// Before there is a pty telnetd looks at settings that are all 0.
std::uint8_t Inetutils::edit_mode_of_tty() const {
    if (!pty_open_) return mode_literal_echo;
    return static_cast<std::uint8_t>((tty_.modes.canonical ? mode_edit : 0) |
                                     (tty_.modes.signals ? mode_trap : 0) |
                                     (tty_.modes.expand_tabs ? mode_soft_tab : 0));
}

/// clientstat(TELOPT_LINEMODE, WILL or WONT). On Linux the pty's EXTPROC, which would keep line
/// mode on, is set in a copy of its settings only.
void Inetutils::client_line_mode(bool on) {
    if (on == line_mode_) return;
    if (line_mode_kind_ == LineMode::real && on) {
        const auto mode = edit_mode_of_tty();
        send_edit_mode(mode);
        edit_mode_ = mode;
    }
    line_mode_ = on;
    if (!on) send_will(option::echo);
}

/// clientstat(LM_MODE): the client tells or confirms how it edits.
void Inetutils::client_edit_mode(std::uint8_t mode) {
    mode &= mode_mask;
    const bool ack = (mode & mode_ack) != 0;
    mode &= static_cast<std::uint8_t>(~mode_ack);
    const auto changed = static_cast<std::uint8_t>(mode ^ edit_mode_);
    if (changed == 0) return;
    if (ack) local_state();
    if (pty_open_) {
        if ((changed & mode_edit) != 0) tty_.modes.canonical = (mode & mode_edit) != 0;
        if ((changed & mode_trap) != 0) tty_.modes.signals = (mode & mode_trap) != 0;
        if ((changed & mode_soft_tab) != 0) tty_.modes.expand_tabs = (mode & mode_soft_tab) != 0;
    }
    if (!ack) send_edit_mode(mode | mode_ack);
    edit_mode_ = mode;
}

/// localstat()
void Inetutils::local_state() {
    if (!tty_.modes.strip)
        send_do(option::binary);
    else
        send_dont(option::binary);
    if (!tty_.modes.process)
        send_will(option::binary);
    else
        send_wont(option::binary);
    flow_state();
    if (line_mode_) { // the pty never has EXTPROC
        if (line_mode_kind_ == LineMode::real)
            send_dont(option::line_mode);
        else if (line_mode_kind_ == LineMode::kludge)
            send_will(option::suppress_go_ahead);
        send_will(option::echo);
        line_mode_ = false;
    } else if (line_mode_kind_ == LineMode::kludge) {
        send_will(option::suppress_go_ahead);
    }
    if (settled_) return;
    settled_ = true; // defer_terminit()
    if (extra_ && extra_->characters_kept) {
        extra_->characters_kept = false;
        const auto kept = std::move(extra_->kept_characters);
        client_characters(kept);
    }
}

/// flowstat()
void Inetutils::flow_state() {
    if (!options_.at(option::flow_control).his) return;
    const std::int8_t flow = pty_open_ ? 1 : 0; // IXON; nothing before there is a pty
    if (flow != flow_mode_) {
        flow_mode_ = flow;
        send_sub(std::string{static_cast<char>(option::flow_control), flow ? lflow_on : lflow_off},
                 true);
    }
    if (restart_any_ != 0) {
        restart_any_ = 0;
        send_sub(std::string{static_cast<char>(option::flow_control), lflow_restart_xon}, true);
    }
}

/// An SLC list; the first one that comes before the terminal is settled is kept until then.
void Inetutils::client_characters(std::string_view triplets) {
    auto& more = extra();
    if (!settled_) {
        if (more.characters_kept) return;
        more.characters_kept = true;
        more.kept_characters = triplets;
        return;
    }
    std::string answer;
    more.characters.process(triplets, tty_, answer);
    if (answer.empty()) return;
    const std::string head{static_cast<char>(option::line_mode), static_cast<char>(lm_slc)};
    send_sub(head + answer, false);
}

} // namespace skep::service::telnet
