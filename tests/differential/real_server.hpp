// Real servers on loopback, started as inetd starts them.
#pragma once

#include <string>
#include <vector>

namespace skep::tests {

/// What the comparison needs of this machine, or why it cannot run.
struct Machine {
    std::string missing;                         ///< Empty if all is there.
    std::vector<std::string> inetutils, busybox; ///< Command lines.
};

Machine examine_machine();

/// A user with a known password, home and shell for the time of the test.
class TestUser {
  public:
    TestUser();
    ~TestUser();
    TestUser(const TestUser&) = delete;
    TestUser& operator=(const TestUser&) = delete;

    static constexpr const char* name = "skepdiff";
    static constexpr const char* password = "Pw-1234x";
    static constexpr const char* busybox_login = "/run/skepdiff-login";
};

/// One server for one connection. Ends with its whole session when it goes.
class RealServer {
  public:
    explicit RealServer(const std::vector<std::string>& command);
    ~RealServer();
    RealServer(const RealServer&) = delete;
    RealServer& operator=(const RealServer&) = delete;

    int port() const { return port_; }

    /// Accepts the peer that has connected to port() and starts the server on that socket.
    void serve();

  private:
    std::vector<std::string> command_;
    int port_ = 0, listener_ = -1, process_ = -1;
};

/// Standard output of a command, for facts about this machine.
std::string output_of(const std::string& command);

} // namespace skep::tests
