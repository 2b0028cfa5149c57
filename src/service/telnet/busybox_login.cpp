// login of BusyBox 1.35 (loginutils/login.c, libbb/bb_askpass.c).
#include "persona/persona.hpp"
#include "service/telnet/login.hpp"

namespace skep::service::telnet {
namespace {

constexpr std::size_t name_bytes_max = 61; // USERNAME_SIZE 64: fgets() of 62 behind the first
constexpr std::size_t password_bytes_max = 4095;
constexpr int empty_lines_max = 10; // EMPTY_USERNAME_COUNT
constexpr int tries_max = 3;
constexpr Micros fail_delay = 3'000'000;

bool is_space(char byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

} // namespace

void BusyboxLogin::start() {
    begin();
    ask_name();
}

void BusyboxLogin::ask_name() {
    asks_password_ = false;
    empty_lines_ = 0;
    typed_ = {};
    tty_.flush_input();
    tty_.print(session_.persona.hostname + " login: ");
}

void BusyboxLogin::ask_password() {
    asks_password_ = true;
    typed_ = {};
    tty_.flush_input();
    tty_.print("Password: ");
    saved_ = tty_.modes;
    tty_.modes.echo = false;
}

void BusyboxLogin::input() {
    if (waiting()) return;
    const auto text = tty_.read(Tty::input_bytes_max);
    if (!text) return;
    if (!asks_password_) {
        if (text->empty())
            end(); // ^D
        else
            type_name(*text);
        return;
    }
    if (text->empty() && typed_.empty()) {
        answer_password(false);
        return;
    }
    typed_ += *text;
    const bool newline = typed_.ends_with('\n');
    if (newline) typed_.pop_back();
    if (newline || typed_.size() >= password_bytes_max) answer_password(true);
}

/// get_username_or_die(): blanks in front are skipped, the name ends at the first character that is
/// not above a blank, a line that fgets() cannot hold ends the program.
void BusyboxLogin::type_name(std::string_view text) {
    for (const char byte : text) {
        if (typed_.empty() && byte == '\n') {
            if (++empty_lines_ == empty_lines_max) return end();
            tty_.print(session_.persona.hostname + " login: ");
            continue;
        }
        if (typed_.empty() && is_space(byte)) continue;
        if (byte != '\n') {
            typed_ += byte;
            if (typed_.size() > name_bytes_max) return end();
            continue;
        }
        if (typed_.find('\0', 1) != std::string::npos) return end();
        std::size_t length = 1;
        while (length < typed_.size() && static_cast<std::uint8_t>(typed_[length]) > ' ')
            ++length;
        name_ = typed_.substr(0, typed_.front() == '\0' ? 0 : length);
        return ask_password();
    }
}

void BusyboxLogin::answer_password(bool given) {
    tty_.modes = saved_;
    tty_.print("\n");
    typed_.resize(std::min(typed_.find('\0'), typed_.size()));
    if (given && try_password(typed_)) return;
    wait(fail_delay);
}

void BusyboxLogin::go_on() {
    tty_.print("Login incorrect\n");
    if (++failures_ == tries_max)
        end();
    else
        ask_name();
}

void BusyboxLogin::time_out() {
    if (asks_password_ && !waiting()) tty_.modes = saved_;
    tty_.print("\r\nLogin timed out after " + seconds_allowed() + " seconds\r\n");
}

/// ^C only ends the reading of a password; ^Z finds an orphaned process group, which it cannot
/// stop.
void BusyboxLogin::signal(std::uint8_t signals) {
    if ((signals & ~Tty::suspend) == 0) return;
    if (signals == Tty::quit_signal || !asks_password_ || waiting()) return end();
    typed_ = {};
    answer_password(false);
    if ((signals & Tty::quit_signal) != 0) end();
}

} // namespace skep::service::telnet
