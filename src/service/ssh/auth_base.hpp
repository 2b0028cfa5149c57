// What the authentication of both server families has in common.
#pragma once

#include "service/notes.hpp"
#include "service/ssh/auth.hpp"
#include "service/ssh/fields.hpp"

#include <limits>

namespace skep::service::ssh {

/// The state of an Auth, its delay, its deadline and its events.
class AuthBase : public Auth {
  public:
    AuthBase(Session& session, MessageSink& sink);

    void wake() override;
    Micros deadline() const noexcept override;

    State state() const noexcept override { return state_; }

    const std::optional<KeyQuestion>& question() const noexcept override { return question_; }

    const std::string& username() const noexcept override { return user_; }

    Login take_login() override;

  protected:
    /// The delay is over.
    virtual void go_on() = 0;

    /// Answers at `time`.
    void wait_until(Micros time) noexcept;
    /// Asks the cell; answer() goes on.
    void ask(KeyQuestion question);
    /// Keeps what the answer has to tell after the login, up to a bound: offers are not counted.
    void keep_notes(std::vector<std::string>& notes);

    void weird(std::string_view name, std::string_view bytes = {});
    /// The message cannot be read: the real server's process ends.
    void refuse_message(std::string_view name, std::string_view bytes = {});
    void disconnect(std::string text);
    void end();
    void succeed();
    void send_failure(std::string_view methods, bool partial = false);

    /// A password that is refused without asking the policy.
    void record_refused(std::string_view password, std::string_view new_password = {});
    /// client.fingerprint, once for each key and user.
    void record_key(std::string_view blob);

    Session& session_;
    MessageSink& sink_;
    std::string user_;
    State state_ = State::open;
    std::optional<KeyQuestion> question_;
    KeyOptions key_options_; ///< Of the key that opens.

  private:
    Micros limit_;
    Micros wake_ = 0;
    std::string last_key_; ///< Fingerprint of the key that was recorded last.
    Notes notes_{100};
    std::vector<std::string> told_; ///< keep_notes()
    std::size_t told_bytes_ = 0;
};

std::unique_ptr<Auth> make_openssh_auth(Session& session, MessageSink& sink);
std::unique_ptr<Auth> make_dropbear_auth(Session& session, MessageSink& sink);

} // namespace skep::service::ssh
