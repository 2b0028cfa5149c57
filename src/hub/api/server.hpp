// The hub's HTTP server: connections in, requests to the service, answers and live feeds out.
#pragma once

#include "hub/api/service.hpp"
#include "process/descriptor.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace skep::hub::api {

struct ServerLimits {
    std::size_t connections = 256;          ///< limits.hub_connections
    std::chrono::seconds idle{60};          ///< limits.hub_idle_seconds
    std::uint32_t header_bytes = 16384;     ///< limits.hub_header_bytes
    std::uint64_t request_bytes = 1U << 20; ///< limits.hub_request_bytes
    std::size_t live_clients = 64;          ///< limits.hub_live_clients
    std::chrono::milliseconds heartbeat{15'000};
};

/// Used by the network's thread. The service and the feed outlive it.
class Server {
  public:
    Server(Service& service, LiveFeed& feed, const ServerLimits& limits);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Accepts on a listening TCP socket until `stop`.
    void listen(boost::asio::io_context& io, process::Descriptor socket);

    /// Gives events to the open live feeds.
    void publish(std::vector<LiveEvent> events);

    /// Takes no new connection. The open ones end with the loop.
    void stop();

    struct State;

  private:
    std::shared_ptr<State> state_; // every connection holds it: one may end after the server
};

} // namespace skep::hub::api
