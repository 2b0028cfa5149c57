#include "service/ssh/auth_openssh.hpp"

#include "service/ssh/auth_delay.hpp"

#include <array>
#include <utility>

namespace skep::service::ssh {

std::unique_ptr<Auth> make_openssh_auth(Session& session, MessageSink& sink) {
    return std::make_unique<OpensshAuth>(session, sink);
}

OpensshAuth::OpensshAuth(Session& session, MessageSink& sink) : AuthBase{session, sink} {}

void OpensshAuth::receive(std::string_view payload) {
    if (state_ != State::open || payload.empty()) return;
    Reader in{payload.substr(1)};
    switch (static_cast<Msg>(payload.front())) {
    case Msg::service_request: on_service_request(in); return;
    case Msg::userauth_request:
        if (!requests_allowed_) break;
        started_ = session_.events.now();
        on_request(in);
        return;
    case Msg::userauth_info_response:
    case Msg::userauth_gssapi_exchange_complete:
        if (attempts_ == 0) break;
        if (challenged_ && static_cast<Msg>(payload.front()) == Msg::userauth_info_response) {
            started_ = session_.events.now();
            on_info_response(in);
            return;
        }
        // Each request takes the handlers of these away (auth2_challenge_stop); 9.2p1 then ends
        // before its message of disconnection is sent.
        refuse_message("ssh.unexpected_auth_message", payload.substr(0, 1));
        return;
    default: break;
    }
    weird("ssh.unimplemented", payload.substr(0, 1));
    sink_.unimplemented();
}

void OpensshAuth::on_service_request(Reader& in) {
    const auto service = c_string(in);
    if (!service || !in.done()) {
        refuse_message("ssh.bad_service_request");
    } else if (*service == "ssh-userauth") {
        requests_allowed_ = true;
        Writer accept{Msg::service_accept};
        accept.string(*service);
        sink_.send(accept.bytes());
    } else {
        weird("ssh.unknown_service", *service);
        disconnect("bad service request " + std::string{*service});
    }
}

void OpensshAuth::on_request(Reader in) {
    const auto name = c_string(in);
    const auto service = c_string(in);
    const auto method = c_string(in);
    if (!name || !service || !method) {
        refuse_message("ssh.bad_auth_request");
        return;
    }
    constexpr std::uint32_t attempts_max = 1024;
    if (attempts_ >= attempts_max) {
        disconnect("Too many authentication failures");
        return;
    }
    const auto colon = name->find(':');
    const auto user = name->substr(0, colon);
    if (attempts_++ == 0) {
        user_ = user;
        service_ = *service;
        if (colon != std::string_view::npos) style_ = name->substr(colon);
        valid_ = *service == "ssh-connection";
    } else if (!same_user(user, *service)) {
        return;
    }
    challenged_ = logged_in_ = false;
    method_ = *method;
    work_ = 0;
    const auto* known = find_method(*method);
    if (known == nullptr) weird("ssh.auth_method", *method);
    conclude(known == nullptr ? Outcome::failed : (this->*known->run)(in));
}

bool OpensshAuth::same_user(std::string_view user, std::string_view service) {
    if (user == user_ && service == service_) return true;
    weird("ssh.user_changed", user);
    disconnect("Change of username or service not allowed: (" + user_ + "," + service_ + ") -> (" +
               std::string{user} + "," + std::string{service} + ")");
    return false;
}

const OpensshAuth::Method* OpensshAuth::find_method(std::string_view name) const {
    static constexpr auto methods = std::to_array<Method>({
        {"none", &OpensshAuth::none},
        {"publickey", &OpensshAuth::public_key},
        {"publickey-hostbound-v00@openssh.com", &OpensshAuth::public_key},
        {"password", &OpensshAuth::password},
        {"keyboard-interactive", &OpensshAuth::keyboard_interactive},
    });
    const auto& profile = sink_.profile();
    if (name == "none" && !none_allowed_) return nullptr;
    if (name == "keyboard-interactive" && !profile.keyboard_interactive) return nullptr;
    if (name.starts_with("publickey-") && !profile.hostbound) return nullptr;
    for (const auto& method : methods)
        if (method.name == name) return &method;
    return nullptr;
}

OpensshAuth::Outcome OpensshAuth::fatal(std::string_view name) {
    refuse_message(name);
    return Outcome::pending;
}

OpensshAuth::Outcome OpensshAuth::none(Reader& in) {
    none_allowed_ = false; // "none" is allowed only one time
    return in.done() ? Outcome::failed : fatal("ssh.bad_none_request");
}

Micros OpensshAuth::own_delay() {
    return user_delay(session_.ssh->timing_secret, user_);
}

void OpensshAuth::conclude(Outcome outcome) {
    if (outcome == Outcome::pending) return;
    outcome_ = outcome;
    const auto elapsed = session_.events.now() - started_ + work_;
    wait_until(started_ + minimum_time(elapsed, own_delay()));
}

void OpensshAuth::go_on() {
    switch (outcome_) {
    case Outcome::accepted:
        // userauth_finish(): "INTERNAL ERROR: authenticated invalid user". The monitor asks PAM for
        // a user of another service, too.
        valid_ ? succeed() : refuse_message("ssh.login_to_unknown_service", service_);
        return;
    case Outcome::failed: count_failure(); return;
    case Outcome::postponed:
    case Outcome::pending: state_ = State::open; return;
    }
}

void OpensshAuth::count_failure() {
    const auto& profile = sink_.profile();
    // The first request may be "none" without a penalty.
    if (attempts_ > 1 || method_ != "none") ++failures_;
    if (failures_ >= profile.auth_tries) {
        disconnect("Too many authentication failures");
        return;
    }
    send_failure(profile.keyboard_interactive ? "publickey,password,keyboard-interactive"
                                              : "publickey,password");
}

} // namespace skep::service::ssh
