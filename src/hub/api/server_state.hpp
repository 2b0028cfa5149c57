// What the server's connections share. For the files of the server only.
#pragma once

#include "hub/api/server.hpp"

#include <functional>
#include <set>

namespace skep::hub::api {

/// A live feed that waits for the next event.
struct Waiting {
    std::function<void()> wake;
};

struct Server::State {
    Service& service;
    LiveFeed& feed;
    ServerLimits limits;
    std::size_t connections = 0;
    std::size_t live_clients = 0;
    std::set<Waiting*> waiting;
    std::function<void()> stop_accepting;
    std::function<void()> room; ///< Wakes the acceptor after a connection has ended.
};

/// Bytes to one client, with the deadline of the connection. False once it is gone.
class ClientWriter {
  public:
    virtual ~ClientWriter() = default;
    virtual Task<bool> write(std::string_view bytes) = 0;
    /// Waits until `waiting.wake` is called or the time is over.
    virtual Task<void> pause(Waiting& waiting, std::chrono::milliseconds time) = 0;
};

/// Sends events until the client is gone, too slow, or no longer logged in. `request` tells where
/// to begin.
Task<void>
serve_live(std::shared_ptr<Server::State> state, const Request& request, ClientWriter& out);

} // namespace skep::hub::api
