#include "service/telnet/login.hpp"

#include "persona/persona.hpp"

#include <algorithm>

namespace skep::service::telnet {

void Login::begin() {
    limit_ = session_.events.now() + Micros{session_.login_within.count()} * 1000;
}

Micros Login::deadline() const noexcept {
    return wake_ != 0 ? std::min(wake_, limit_) : limit_;
}

void Login::expire() {
    const auto now = session_.events.now();
    if (state_ != State::running) return;
    if (now >= limit_) {
        time_out();
        end();
    } else if (wake_ != 0 && now >= wake_) {
        wake_ = 0;
        go_on();
    }
}

bool Login::try_password(std::string_view password) {
    if (session_.auth.try_password(name_, password) != Verdict::accepted) return false;
    tty_.print(session_.persona.motd);
    state_ = State::accepted;
    return true;
}

std::string Login::seconds_allowed() const {
    return std::to_string(session_.login_within.count() / 1000);
}

} // namespace skep::service::telnet
