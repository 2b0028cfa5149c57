// telnetd/state.c: the answers to WILL, WONT, DO and DONT.
#include "service/telnet/inetutils.hpp"

namespace skep::service::telnet {

void Inetutils::send(std::uint8_t verb, std::uint8_t number) {
    out.bytes += static_cast<char>(command::iac);
    out.bytes += static_cast<char>(verb);
    out.bytes += static_cast<char>(number);
}

/// send_do(option, 1)
void Inetutils::send_do(std::uint8_t number) {
    auto& state = options_.change(number);
    if ((state.his_due == 0 && state.his) || state.his_want) return;
    state.his_want = number != option::timing_mark; // so that it can be sent again
    ++state.his_due;
    send(command::do_it, number);
}

void Inetutils::send_dont(std::uint8_t number) {
    auto& state = options_.change(number);
    if ((state.his_due == 0 && !state.his) || !state.his_want) return;
    state.his_want = false;
    ++state.his_due;
    send(command::dont, number);
}

void Inetutils::send_will(std::uint8_t number) {
    auto& state = options_.change(number);
    if ((state.mine_due == 0 && state.mine) || state.my_want) return;
    state.my_want = true;
    ++state.mine_due;
    send(command::will, number);
}

void Inetutils::send_wont(std::uint8_t number) {
    auto& state = options_.change(number);
    if ((state.mine_due == 0 && !state.mine) || !state.my_want) return;
    state.my_want = false;
    ++state.mine_due;
    send(command::wont, number);
}

/// willoption()
void Inetutils::will(std::uint8_t number) {
    auto& state = options_.change(number);
    if (state.his_due != 0) {
        --state.his_due;
        if (state.his_due != 0 && state.his) --state.his_due;
    }
    if (state.his_due != 0) {
        state.his = true;
        return;
    }
    if (state.his_want) {
        confirmed_will(number);
        options_.change(number).his = true;
        agreed_will(number);
        if (number == option::flow_control) flow_state();
        return;
    }
    if (number == option::timing_mark) {
        timing_mark();
        return;
    }
    const bool agree = agree_will(number);
    auto& after = options_.change(number);
    if (agree)
        after.his_want = true;
    else
        ++after.his_due;
    send(agree ? command::do_it : command::dont, number);
    after.his = true;
    if (agree) agreed_will(number);
}

/// Whether an option that the client offers is taken.
bool Inetutils::agree_will(std::uint8_t number) {
    switch (number) {
    case option::binary:
        if (pty_open_) tty_.modes.strip = false;
        return true;
    case option::flow_control:
        flow_known_ = true;
        flow_fixed_ = false;
        if (extra_) extra_->characters.set_flow(SpecialCharacters::Flow::free);
        return true;
    case option::line_mode: line_mode_kind_ = LineMode::real; return true;
    case option::terminal_type:
    case option::suppress_go_ahead:
    case option::window_size:
    case option::terminal_speed:
    case option::display:
    case option::new_environment:
    case option::environment:
    case option::authentication:
    case option::encryption: return true;
    default: return false;
    }
}

/// The client agrees to what we asked for.
void Inetutils::confirmed_will(std::uint8_t number) {
    if (number == option::echo) send_dont(option::echo); // "Egads": an old client that echoes
    if (number == option::line_mode) line_mode_kind_ = LineMode::real;
}

/// What follows once an option of the client's is on.
void Inetutils::agreed_will(std::uint8_t number) {
    switch (number) {
    case option::line_mode: client_line_mode(true); break;
    case option::authentication:
        if (!authenticating_) {
            authenticating_ = true;
            send_sub({"\x25\x01\x02\x02\x02\x00", 6}, false); // Kerberos V5, mutual and one way
        }
        break;
    case option::encryption:
        if (!encryption_told_) {
            encryption_told_ = true;
            send_sub({"\x26\x01", 2}, false); // Debian's build knows no cipher
        }
        break;
    default: break;
    }
}

/// WILL TM: the client understands line mode by its absence of SGA.
void Inetutils::timing_mark() {
    if (line_mode_kind_ < LineMode::kludge) {
        line_mode_kind_ = LineMode::kludge;
        client_line_mode(true);
        send_wont(option::suppress_go_ahead);
    } else if (line_mode_kind_ == LineMode::no_auto_kludge) {
        line_mode_kind_ = LineMode::kludge_ok;
    }
}

/// wontoption()
void Inetutils::wont(std::uint8_t number) {
    auto& state = options_.change(number);
    if (state.his_due != 0) {
        --state.his_due;
        if (state.his_due != 0 && !state.his) --state.his_due;
    }
    if (state.his_due == 0) {
        if (state.his_want) {
            withdrawn_will(number);
            if (number == option::timing_mark) return;
            auto& after = options_.change(number);
            after.his_want = false;
            if (after.his) send(command::dont, number);
        } else if (number == option::timing_mark) {
            no_timing_mark();
        } else if (number == option::authentication) {
            authenticated_ = true;
        }
    }
    options_.change(number).his = false;
}

void Inetutils::no_timing_mark() {
    if (line_mode_kind_ >= LineMode::no_auto_kludge) return;
    line_mode_kind_ = LineMode::none;
    client_line_mode(false);
    send_will(option::suppress_go_ahead);
    send_will(option::echo);
}

/// The client refuses or ends what we wanted of it.
void Inetutils::withdrawn_will(std::uint8_t number) {
    switch (number) {
    case option::binary:
        if (pty_open_) tty_.modes.strip = true;
        break;
    case option::line_mode:
        if (line_mode_kind_ == LineMode::real) client_line_mode(false);
        break;
    case option::timing_mark: options_.change(number).his_want = false; break;
    case option::flow_control:
        flow_known_ = true;
        flow_fixed_ = true;
        if (extra_) extra_->characters.set_flow(SpecialCharacters::Flow::fixed);
        break;
    case option::authentication: authenticated_ = true; break;
    case option::terminal_type: answered_ |= type_answer; break;
    case option::terminal_speed: answered_ |= speed_answer; break;
    case option::display: answered_ |= display_answer; break;
    case option::environment: answered_ |= environment_answer; break;
    case option::new_environment: answered_ |= new_environment_answer; break;
    default: break;
    }
}

/// dooption()
void Inetutils::do_it(std::uint8_t number) {
    auto& state = options_.change(number);
    if (state.mine_due != 0) {
        --state.mine_due;
        if (state.mine_due != 0 && state.mine) --state.mine_due;
    }
    if (state.mine_due == 0 && !state.my_want) {
        if (number == option::timing_mark) {
            send(command::will, number);
            state.my_want = false;
            state.mine = false;
            return;
        }
        if (number == option::logout) {
            send(command::will, number);
            stage_ = Stage::closed;
            return;
        }
        const bool agree = agree_do(number);
        auto& after = options_.change(number);
        if (agree)
            after.my_want = true;
        else
            ++after.mine_due;
        send(agree ? command::will : command::wont, number);
    }
    options_.change(number).mine = true;
}

/// Whether we do what the client asks for.
bool Inetutils::agree_do(std::uint8_t number) {
    switch (number) {
    case option::echo:
        if (line_mode_kind_ == LineMode::none && pty_open_) tty_.modes.echo = true;
        return true;
    case option::binary:
        if (pty_open_) tty_.modes.process = false;
        return true;
    case option::suppress_go_ahead:
        // In kludge line mode this asks for its end; what the terminal does decides.
        if (line_mode_kind_ == LineMode::kludge) {
            client_line_mode(false);
            return !line_mode_;
        }
        return true;
    case option::status:
    case option::encryption: return true;
    default: return false;
    }
}

/// dontoption()
void Inetutils::dont(std::uint8_t number) {
    auto& state = options_.change(number);
    if (state.mine_due != 0) {
        --state.mine_due;
        if (state.mine_due != 0 && !state.mine) --state.mine_due;
    }
    if (state.mine_due == 0 && state.my_want) {
        withdrawn_do(number);
        auto& after = options_.change(number);
        after.my_want = false;
        if (after.mine) send(command::wont, number);
    }
    options_.change(number).mine = false;
}

/// The client refuses or ends what we offered.
void Inetutils::withdrawn_do(std::uint8_t number) {
    switch (number) {
    case option::binary:
        if (pty_open_) tty_.modes.process = true;
        break;
    case option::echo:
        if (line_mode_kind_ != LineMode::real && line_mode_kind_ != LineMode::kludge && pty_open_)
            tty_.modes.echo = false;
        break;
    case option::suppress_go_ahead:
        if (line_mode_kind_ == LineMode::kludge || line_mode_kind_ == LineMode::kludge_ok) {
            line_mode_kind_ = LineMode::kludge;
            client_line_mode(true);
        }
        break;
    default: break;
    }
}

} // namespace skep::service::telnet
