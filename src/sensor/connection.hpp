// One peer's connection from accept to close: what its service may use, and its events.
#pragma once

#include "base/crypto/ssh_key.hpp"
#include "net/tcp_stream.hpp"
#include "persona/persona.hpp"
#include "process/recorder_link.hpp"
#include "sensor/auth_policy.hpp"
#include "sensor/cells_link.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace skep::sensor {

/// One row of `[service.*]`: what listens and what answers.
struct Listener {
    std::string name; ///< As the configuration names it.
    const service::Service* service = nullptr;
    persona::Persona persona;
    std::vector<crypto::HostKey> host_keys; ///< Of a service of kind ssh.
    service::SshSettings ssh;
    std::shared_ptr<service::ssh::Startups> startups; ///< What `ssh` points to.
};

/// The settings that a connection asks for, read once.
struct ConnectionSettings {
    explicit ConnectionSettings(const Settings& settings);

    std::string cell_key; ///< cell.key
    bool shells;          ///< cell.level is not `low`.
    std::size_t cell_output_bytes;
    std::chrono::seconds session_within, login_within, idle_within;
    std::int64_t login_tries;
};

/// What all connections of the process share.
struct Shared {
    boost::asio::io_context& io;
    process::RecorderLink& recorder;
    CellsLink& cells;
    AuthPolicy& policy;
    net::Deadlines& deadlines;
    ConnectionSettings settings;
    std::string sensor_name;
    /// One connection less of that source.
    std::function<void(const std::string& source)> on_end = {};
};

/// Serves one accepted socket to its end and records session.connect and session.closed. `listener`
/// and `shared` outlive it. Never throws: a fault of ours is the event skep.fault. It ends early
/// when `shared.deadlines` lets all deadlines expire.
Task<void>
serve_connection(Shared& shared, const Listener& listener, int socket, net::Endpoints ends);

} // namespace skep::sensor
