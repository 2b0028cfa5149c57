// The login programs that sit behind a telnetd, and the terminal between them and the peer.
#pragma once

#include "service/service.hpp"
#include "service/telnet/tty.hpp"

#include <string>
#include <string_view>

namespace skep::service::telnet {

/// A program at the slave side of `tty` that asks for a name and a password. It reacts to what the
/// tty has for it and to time, prints into the tty, and does no I/O.
class Login {
  public:
    enum class State : std::uint8_t { running, ended, accepted };

    /// Both live longer than the program.
    Login(Session& session, Tty& tty) : session_{session}, tty_{tty} {}

    virtual ~Login() = default;
    Login(const Login&) = delete;
    Login& operator=(const Login&) = delete;

    /// Prints the first prompt; the time allowed for the login begins.
    virtual void start() = 0;
    /// Reads what the tty has; to be called while tty.readable() and the state is running.
    virtual void input() = 0;
    /// The tty sent signals.
    virtual void signal(std::uint8_t signals) = 0;
    /// `deadline` has passed.
    void expire();

    State state() const noexcept { return state_; }

    /// When expire() is due.
    Micros deadline() const noexcept;

    /// After accepted.
    const std::string& username() const noexcept { return name_; }

  protected:
    /// The delay after a wrong password is over.
    virtual void go_on() = 0;
    /// LOGIN_TIMEOUT has passed.
    virtual void time_out() = 0;

    void begin();

    void wait(Micros time) { wake_ = session_.events.now() + time; }

    void end() noexcept { state_ = State::ended; }

    bool waiting() const noexcept { return wake_ != 0; }

    /// Judges the name and `password`; prints the message of the day and ends asking if accepted.
    bool try_password(std::string_view password);
    std::string seconds_allowed() const;

    Session& session_;
    Tty& tty_;
    std::string name_;
    State state_ = State::running;
    std::uint8_t failures_ = 0;
    bool asks_password_ = false;
    Tty::Modes saved_; ///< The tty's before the password was asked for.

  private:
    Micros limit_ = 0;
    Micros wake_ = 0;
};

/// login of Debian 12 (package login 4.13) with PAM as /etc/pam.d/login sets it up: misc_conv of
/// libpam 1.5.2 drops what was typed ahead before and after each answer; a wrong password costs
/// 3 s, half more or less; five of them end it.
class PamLogin final : public Login {
  public:
    using Login::Login;
    void start() override;
    void input() override;
    void signal(std::uint8_t signals) override;

  private:
    void go_on() override;
    void time_out() override;
    void ask(bool password);
    void answer_name(std::string answer);
    void fail();
};

/// login of BusyBox 1.30 to 1.36 without PAM: three wrong passwords, 3 s after each; what was
/// typed ahead is dropped before a prompt, and kept for the shell.
class BusyboxLogin final : public Login {
  public:
    using Login::Login;
    void start() override;
    void input() override;
    void signal(std::uint8_t signals) override;

  private:
    void go_on() override;
    void time_out() override;
    void ask_name();
    void ask_password();
    void type_name(std::string_view text);
    void answer_password(bool given);

    std::string typed_;
    std::uint8_t empty_lines_ = 0;
};

} // namespace skep::service::telnet
