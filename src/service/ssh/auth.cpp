#include "base/bytes.hpp"
#include "base/crypto/ssh_key.hpp"
#include "service/ssh/auth_base.hpp"

#include <algorithm>
#include <utility>

namespace skep::service::ssh {

std::unique_ptr<Auth> Auth::make(Session& session, MessageSink& transport) {
    return transport.profile().family == Family::dropbear ? make_dropbear_auth(session, transport)
                                                          : make_openssh_auth(session, transport);
}

AuthBase::AuthBase(Session& session, MessageSink& sink)
    : session_{session}, sink_{sink},
      limit_{session.events.now() + Micros{sink.profile().login_seconds} * 1'000'000} {}

Micros AuthBase::deadline() const noexcept {
    if (state_ == State::accepted || state_ == State::ended)
        return std::numeric_limits<Micros>::max();
    return wake_ != 0 ? std::min(wake_, limit_) : limit_;
}

void AuthBase::wake() {
    const auto now = session_.events.now();
    if (state_ == State::accepted || state_ == State::ended) return;
    if (now >= limit_) {
        // LoginGraceTime: the alarm of sshd's monitor ends both processes (9.2p1), dropbear closes.
        question_.reset();
        end();
    } else if (wake_ != 0 && now >= wake_) {
        wake_ = 0;
        go_on();
    }
}

void AuthBase::wait_until(Micros time) noexcept {
    state_ = State::busy;
    wake_ = time;
}

void AuthBase::ask(KeyQuestion question) {
    state_ = State::busy;
    question_ = std::move(question);
}

void AuthBase::keep_notes(std::vector<std::string>& notes) {
    constexpr std::size_t bytes_max = std::size_t{64} * 1024;
    for (auto& note : notes) {
        if (told_bytes_ + note.size() > bytes_max) return;
        told_bytes_ += note.size();
        told_.push_back(std::move(note));
    }
}

Login AuthBase::take_login() {
    return {.username = user_, .key = std::move(key_options_), .notes = std::move(told_)};
}

void AuthBase::weird(std::string_view name, std::string_view bytes) {
    notes_.weird(session_.events, name, bytes);
}

void AuthBase::refuse_message(std::string_view name, std::string_view bytes) {
    weird(name, bytes);
    end();
}

void AuthBase::disconnect(std::string text) {
    sink_.disconnect(disconnect_text(std::move(text)));
    state_ = State::ended;
}

void AuthBase::end() {
    sink_.end();
    state_ = State::ended;
}

void AuthBase::succeed() {
    sink_.send(Writer{Msg::userauth_success}.bytes());
    sink_.authenticated();
    state_ = State::accepted;
}

void AuthBase::send_failure(std::string_view methods, bool partial) {
    Writer failure{Msg::userauth_failure};
    failure.string(methods).boolean(partial);
    sink_.send(failure.bytes());
    state_ = State::open;
}

void AuthBase::record_refused(std::string_view password, std::string_view new_password) {
    event::Event event{"login.failed", session_.events.now()};
    event.text("username", user_).text("password", password);
    if (!new_password.empty()) event.text("new_password", new_password);
    session_.events.record(std::move(event));
}

void AuthBase::record_key(std::string_view blob) {
    auto fingerprint = crypto::fingerprint_of(blob);
    if (fingerprint == last_key_) return; // offered first, then signed with
    last_key_ = std::move(fingerprint);
    Reader reader{blob};
    const auto type = reader.string();
    event::Event event{"client.fingerprint", session_.events.now()};
    event.text("username", user_).text("fingerprint", last_key_);
    event.text("key", base64(blob));
    if (reader.ok()) event.text("key_type", type);
    session_.events.record(std::move(event));
}

} // namespace skep::service::ssh
