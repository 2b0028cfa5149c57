// Skep's Telnet service on loopback, inside the test.
#pragma once

#include "persona/persona.hpp"

#include <memory>

namespace skep::tests {

/// Serves connections in a thread of its own, with an authenticator that knows TestUser and a shell
/// that is this machine's /bin/sh on a pty.
class SkepServer {
  public:
    explicit SkepServer(persona::Persona persona);
    ~SkepServer();
    SkepServer(const SkepServer&) = delete;
    SkepServer& operator=(const SkepServer&) = delete;

    int port() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace skep::tests
