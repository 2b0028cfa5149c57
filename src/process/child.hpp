// What every process of ours has in common: the line to the supervisor, which hands it its sockets
// and stops it.
#pragma once

#include "base/settings.hpp"
#include "process/channel.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace skep::process {

/// What a process starts with. The paths are absolute.
struct RoleContext {
    std::string role; ///< sensor, cells, recorder, hub
    const Settings& settings;
    std::string state_directory;
    bool ephemeral = false;
    int control = 3; ///< The socket to the supervisor, inherited.
};

/// The child's end of the control line. SIGTERM stops it too. A supervisor that was killed does
/// not: the process works on until the next supervisor ends it (an ephemeral deployment's after 30
/// s).
class Child {
  public:
    Child(boost::asio::io_context& io, const RoleContext& context);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// Called with the name of the process at the other end ("recorder", "cells", "sensor") and its
    /// socket.
    std::function<void(const std::string& name, Descriptor socket)> on_peer;
    /// Called with the service's name, the address as bound, and the listening socket.
    std::function<void(const std::string& service, const std::string& address, Descriptor socket)>
        on_listener;
    /// Called once. Ends the work; the process must leave its loop within a few seconds or is
    /// killed.
    std::function<void()> on_stop;

    /// Reads control messages from now on.
    void start();

    void ready();
    void report(std::string_view name, std::uint64_t value);
    void notice(std::string_view name, std::string_view text);

  private:
    struct Signals;

    Task<void> run();
    void orphaned();
    void stop();

    boost::asio::io_context& io_;
    Channel control_;
    bool ephemeral_;
    std::unique_ptr<Signals> signals_;
};

} // namespace skep::process
