// What a service's session needs, made for tests: an authenticator with one password, programs that
// answer, and a collector of events.
#pragma once

#include "persona/persona.hpp"
#include "service/service.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace skep::tests {

/// Hands every event to `seen`.
class FakeEvents final : public service::Events {
  public:
    FakeEvents(const Clock& clock, std::function<void(const event::Event&)> seen)
        : clock_{clock}, seen_{std::move(seen)} {}

    void record(event::Event event) override {
        if (seen_) seen_(event);
    }

    Micros now() const override { return clock_.now(); }

  private:
    const Clock& clock_;
    std::function<void(const event::Event&)> seen_;
};

/// Accepts one password for every name but `nobody`, and records like the real one.
class FakeAuthenticator final : public service::Authenticator {
  public:
    FakeAuthenticator(service::Events& events, std::string password)
        : events_{events}, password_{std::move(password)} {}

    service::Verdict try_password(std::string_view user, std::string_view password) override;
    void accept_key(std::string_view user, std::string_view fingerprint) override;

  private:
    service::Events& events_;
    std::string password_;
};

/// Opens programs that need no cell.
///
/// On a terminal a shell echoes what is typed, prints `<LINE>` for a line, and ends at `exit` or
/// `exit STATUS`; `size` and `env` print the request. A command prints `<COMMAND>` and ends with
/// 0; but `exit STATUS` and `kill SIGNAL` end so, `cat` prints its input until that ends, and
/// `errors TEXT` prints to standard error. A subsystem is like `cat`. A signal ends any of them.
class FakeMachine final : public service::Machine {
  public:
    explicit FakeMachine(bool refuse = false) : refuse_{refuse} {}

    Task<Result<std::unique_ptr<service::Program>>> open(service::ProgramRequest request) override;

    /// Held are the pairs in `keys`.
    Task<Result<KeyVerdict>> judge_key(std::string_view user, std::string_view blob) override;

    std::vector<std::pair<std::string, std::string>> keys; ///< User and public key.

  private:
    bool refuse_;
};

/// A persona that stands for Debian's telnetd, or for a BusyBox router; the same host name as this
/// machine's, so that real servers can be compared.
persona::Persona debian_persona(const std::string& hostname);
persona::Persona router_persona(const std::string& hostname);

} // namespace skep::tests
