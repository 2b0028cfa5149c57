// login(1) of shadow 4.13 (src/login.c) over libpam's misc_conv.c: read_string().
#include "persona/persona.hpp"
#include "service/pam_delay.hpp"
#include "service/telnet/login.hpp"

namespace skep::service::telnet {
namespace {

constexpr std::size_t answer_bytes_max = 511; // PAM_MAX_MSG_SIZE less the NUL
constexpr int tries_max = 5;                  // LOGIN_RETRIES in /etc/login.defs
constexpr Micros fail_delay = 3'000'000;      // pam_faildelay in /etc/pam.d/login

} // namespace

void PamLogin::start() {
    begin();
    ask(false);
}

void PamLogin::ask(bool password) {
    asks_password_ = password;
    saved_ = tty_.modes;
    tty_.flush_input();
    if (password) tty_.modes.echo = false;
    tty_.print(password ? "Password: " : session_.persona.hostname + " login: ");
}

void PamLogin::input() {
    if (waiting()) return; // it sleeps; the tty keeps the line until the next prompt drops it
    auto read = tty_.read(answer_bytes_max);
    if (!read) return;
    tty_.modes = saved_;
    auto answer = *std::move(read);
    const bool end_of_file = answer.empty();
    const bool newline = answer.ends_with('\n');
    if (newline) answer.pop_back();
    if (asks_password_ || !newline) tty_.print("\n");
    tty_.flush_input();
    answer.resize(std::min(answer.find('\0'), answer.size()));
    if (end_of_file) {
        fail();
    } else if (!asks_password_) {
        answer_name(std::move(answer));
    } else if (name_.empty()) { // no account has this name, whatever the policy says
        event::Event tried{"login.failed", session_.events.now()};
        tried.text("username", "").text("password", answer);
        session_.events.record(std::move(tried));
        fail();
    } else if (!try_password(answer)) {
        fail();
    }
}

void PamLogin::answer_name(std::string answer) {
    name_ = std::move(answer);
    // pam_unix refuses these without asking: they would be options of other programs.
    if (name_.starts_with('-') || name_.starts_with('+'))
        fail();
    else
        ask(true);
}

void PamLogin::fail() {
    wait(pam_fail_delay(fail_delay));
}

void PamLogin::go_on() {
    tty_.print("\nLogin incorrect\n");
    if (++failures_ < tries_max) {
        ask(false);
        return;
    }
    tty_.print("Maximum number of tries exceeded (5)\n");
    end();
}

void PamLogin::time_out() {
    tty_.print("\nLogin timed out after " + seconds_allowed() + " seconds.\n");
}

void PamLogin::signal(std::uint8_t signals) {
    if ((signals & ~Tty::suspend) != 0) end(); // SIGTSTP is blocked, the others kill
}

} // namespace skep::service::telnet
