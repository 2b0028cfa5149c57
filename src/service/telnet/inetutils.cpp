#include "service/telnet/inetutils.hpp"

#include "base/crypto/random.hpp"
#include "persona/persona.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace skep::service::telnet {
namespace {

std::string ask(std::uint8_t option) {
    return {static_cast<char>(option), static_cast<char>(qualifier::send)};
}

} // namespace

Inetutils::Inetutils(Session& session) : Server{session}, login_{session, tty_} {}

Inetutils::Extra& Inetutils::extra() {
    if (!extra_) {
        extra_ = std::make_unique<Extra>();
        if (flow_known_)
            extra_->characters.set_flow(flow_fixed_ ? SpecialCharacters::Flow::fixed
                                                    : SpecialCharacters::Flow::free);
    }
    return *extra_;
}

void Inetutils::start() {
    limit_ = session_.events.now() + Micros{session_.idle_within.count()} * 1000;
    send_will(option::authentication);
    advance();
}

void Inetutils::receive(std::string_view bytes) {
    while (auto token = decoder_.next(bytes)) {
        take(*token);
        if (stage_ == Stage::closed) return;
    }
    advance();
    if (stage_ == Stage::running) flush_pty();
}

void Inetutils::take(const Token& token) {
    switch (token.kind) {
    case Token::Kind::data: to_pty_ += token.bytes; break;
    case Token::Kind::command: take_command(token.command); break;
    case Token::Kind::negotiation:
        note_option(token);
        switch (token.command) {
        case command::will: will(token.option); break;
        case command::wont: wont(token.option); break;
        case command::do_it: do_it(token.option); break;
        default: dont(token.option); break;
        }
        break;
    case Token::Kind::subnegotiation:
        if (token.broken) weird("telnet.broken_subnegotiation", token.bytes);
        sub(token);
        break;
    }
    decoder_.binary = options_.at(option::binary).his;
    decoder_.lines = line_mode_;
}

/// telrcv(), case TS_IAC. Linux has no TCSIG: interrupts are characters.
void Inetutils::take_command(std::uint8_t byte) {
    switch (byte) {
    case command::interrupt: type_key(Tty::intr, '\177'); break;
    case command::brk:
    case command::abort: type_key(Tty::quit, '\034'); break;
    case command::suspend: type_key(Tty::susp, '\032'); break;
    case command::end_of_record:
        if (!options_.at(option::end_of_record).his) break;
        [[fallthrough]];
    case command::end_of_file: type_key(Tty::eof, '\004'); break;
    case command::erase_character: type_key(Tty::erase, '\0'); break;
    case command::erase_line: type_key(Tty::kill, '\0'); break;
    case command::are_you_there: out.bytes += "\r\n[Yes]\r\n"; break;
    case command::abort_output:
        type_key(Tty::discard, '\0');
        clear_output();
        synchronize();
        break;
    case command::nop:
    case command::data_mark:
    case command::go_ahead: break;
    default: weird("telnet.unknown_command"); break;
    }
}

void Inetutils::type_key(Tty::Key key, char otherwise) {
    const char byte = keys_known_ ? static_cast<char>(tty_.keys.at(key)) : otherwise;
    const bool may_be_none = otherwise == '\0';
    if (byte != '\0' || !may_be_none) to_pty_ += byte;
}

/// Goes through the waits of start-up as far as what is known allows.
void Inetutils::advance() {
    while (advance_once()) {
    }
}

bool Inetutils::advance_once() {
    switch (stage_) {
    case Stage::authentication:
        if (authenticating_ && !authenticated_ && options_.at(option::authentication).his)
            return false;
        stage_ = Stage::options;
        ask_options();
        return true;
    case Stage::options:
        for (const auto number : {option::terminal_type, option::terminal_speed, option::display,
                                  option::new_environment, option::environment})
            if (options_.at(number).his_due != 0) return false;
        if (options_.at(option::encryption).mine_due != 0) return false;
        stage_ = Stage::answers;
        ask_answers();
        return true;
    case Stage::answers:
        if (answers_missing()) return false;
        stage_ = Stage::terminal_type;
        return true;
    case Stage::terminal_type:
    case Stage::next_type:
    case Stage::first_type_again:
        if (!settle_type()) return false;
        stage_ = Stage::window;
        start_login();
        return true;
    case Stage::window:
        if (options_.at(option::window_size).his_due != 0) return false;
        stage_ = Stage::echo;
        return true;
    case Stage::echo:
        if (options_.at(option::echo).his_want && options_.at(option::window_size).his &&
            options_.at(option::echo).his_due != 0)
            return false;
        stage_ = Stage::running;
        run();
        return false;
    default: return false;
    }
}

/// getterminaltype(), first half.
void Inetutils::ask_options() {
    send_will(option::encryption);
    for (const auto number : {option::terminal_type, option::terminal_speed, option::display,
                              option::new_environment, option::environment})
        send_do(number);
}

void Inetutils::ask_answers() {
    const auto his = [&](std::uint8_t number) { return options_.at(number).his; };
    for (const auto number : {option::terminal_speed, option::display})
        if (his(number)) send_sub(ask(number), false);
    if (his(option::new_environment))
        send_sub(ask(option::new_environment), false);
    else if (his(option::environment))
        send_sub(ask(option::environment), false);
    if (his(option::terminal_type)) send_sub(ask(option::terminal_type), false);
}

bool Inetutils::answers_missing() const {
    struct Wait {
        std::uint8_t option;
        Answer answer;
    };

    constexpr std::array waits{
        Wait{option::terminal_speed, speed_answer}, Wait{option::display, display_answer},
        Wait{option::new_environment, new_environment_answer},
        Wait{option::environment, environment_answer}, Wait{option::terminal_type, type_answer}};
    return std::ranges::any_of(waits, [&](const Wait& wait) {
        return options_.at(wait.option).his && (answered_ & wait.answer) == 0;
    });
}

/// startslave() and the beginning of telnetd_run().
void Inetutils::start_login() {
    pty_open_ = true;
    keys_known_ = true;
    if (!options_.at(option::suppress_go_ahead).mine) send_will(option::suppress_go_ahead);
    send_do(option::echo);
    if (!options_.at(option::line_mode).his) {
        line_mode_ = false;
        edit_mode_ = 0;
        send_do(option::line_mode);
    }
    send_do(option::window_size);
    send_will(option::status);
    flow_mode_ = 1;
    restart_any_ = -1;
    send_do(option::flow_control);
}

/// The rest of telnetd_run() before its loop; login prints its prompt a moment later.
void Inetutils::run() {
    if (options_.at(option::echo).his_want) will(option::echo);
    if (!options_.at(option::echo).mine) send_will(option::echo);
    if (line_mode_kind_ < LineMode::real) send_do(option::timing_mark);
    local_state();
    const auto& persona = session_.persona;
    const auto host =
        persona.domain.empty() ? persona.hostname : persona.hostname + "." + persona.domain;
    print("\r\nLinux " + persona.kernel_release + " (" + host + ") (pts/0)\r\n\r\n");
    flush_pty();
    login_.start();
    collect();
}

/// Gives the terminal what was typed, and the login program its turn once all of it is there.
void Inetutils::flush_pty() {
    if (state() == State::accepted) {
        // The shell's terminal is flushed by these keys unless a program has switched them off.
        if (to_pty_.find_first_of("\x03\x1a\x1c") != std::string::npos) synchronize();
        typed += std::exchange(to_pty_, {});
        return;
    }
    tty_.type(std::exchange(to_pty_, {}));
    if (const auto signals = tty_.take_signals(); signals != Tty::no_signal) {
        const bool mute = !tty_.modes.echo;
        if (login_.deadline() != 0) login_.signal(signals);
        if (login_.state() == Login::State::ended && mute)
            die_flushed();
        else
            synchronize();
    }
    collect();
    run_login(); // a login that accepts has dropped what was typed ahead
}

void Inetutils::run_login() {
    while (login_.deadline() != 0 && login_.state() == Login::State::running && tty_.readable()) {
        const auto before = tty_.queued();
        login_.input();
        if (tty_.queued() == before) break; // it sleeps
    }
    collect();
}

void Inetutils::expire() {
    if (stage_ != Stage::running) {
        stage_ = Stage::closed;
        return;
    }
    login_.expire();
    collect();
}

void Inetutils::collect() {
    print(tty_.take_output());
}

void Inetutils::print(std::string_view bytes) {
    encode(bytes, !options_.at(option::binary).mine, out.bytes);
}

/// The terminal was flushed: a SYNCH of RFC 854, whose IAC and not its DM goes as urgent data.
void Inetutils::synchronize() {
    out.urgent.push_back(out.bytes.size());
    out.bytes += "\xff\xf2";
}

/// When the login dies without an echo of the key, telnetd sees the same flush again and again
/// until the signal of the death arrives.
void Inetutils::die_flushed() {
    constexpr std::uint64_t fewest = 40, range = 200;
    for (auto left = fewest + crypto::random_below(range); left > 0; --left)
        out.bytes += "\xff\xf2";
    out.urgent.push_back(out.bytes.size() - 2);
}

/// netclear(): of what is not sent yet only the commands stay.
void Inetutils::clear_output() {
    Decoder decoder;
    decoder.binary = true;
    std::string_view rest = out.bytes;
    std::string kept;
    while (!rest.empty()) {
        const auto before = rest;
        const auto token = decoder.next(rest);
        if (token && token->kind != Token::Kind::data)
            kept += before.substr(0, before.size() - rest.size());
    }
    out.bytes = std::move(kept);
    out.urgent.clear();
}

Micros Inetutils::deadline() const noexcept {
    return stage_ == Stage::running ? login_.deadline() : limit_;
}

Server::State Inetutils::state() const noexcept {
    if (stage_ == Stage::closed || login_.state() == Login::State::ended) return State::ended;
    return login_.state() == Login::State::accepted ? State::accepted : State::login;
}

/// The environment that telnetd and login hand down; the client's own variables are not taken over
/// without --accept-env.
ProgramRequest Inetutils::request() const {
    ProgramRequest request;
    request.username = login_.username();
    request.term = extra_ ? extra_->type.value_or("network") : "network";
    request.columns = columns_;
    request.rows = rows_;
    request.environment.emplace_back("REMOTEHOST", session_.src_ip);
    if (extra_ && !extra_->display.empty())
        request.environment.emplace_back("DISPLAY", extra_->display);
    request.environment.emplace_back("MOTD_SHOWN", "pam");
    request.environment.emplace_back("HUSHLOGIN", "FALSE");
    return request;
}

std::unique_ptr<Server> make_inetutils(Session& session) {
    return std::make_unique<Inetutils>(session);
}

} // namespace skep::service::telnet
