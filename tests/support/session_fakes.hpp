// What a service's session needs, made for tests: an authenticator with one password, a shell that
// answers, and a collector of events.
#pragma once

#include "persona/persona.hpp"
#include "service/service.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string>

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

/// Opens terminals that echo what is typed, print `<LINE>` for a line, and end at `exit`. `tell
/// SIZE` and `env` print the request.
class FakeShells final : public service::Shells {
  public:
    explicit FakeShells(bool refuse = false) : refuse_{refuse} {}

    Task<Result<std::unique_ptr<service::Terminal>>>
    open(service::TerminalRequest request) override;

  private:
    bool refuse_;
};

/// A persona that stands for Debian's telnetd, or for a BusyBox router; the same host name as this
/// machine's, so that real servers can be compared.
persona::Persona debian_persona(const std::string& hostname);
persona::Persona router_persona(const std::string& hostname);

} // namespace skep::tests
