// A logged-in connection at work: moves bytes between the peer, the connection layer, and the
// programs in the cell.
#pragma once

#include "net/task_set.hpp"
#include "service/ssh/connection.hpp"
#include "service/ssh/transport.hpp"

#include <map>
#include <memory>
#include <string>

namespace skep::service::ssh {

/// One coroutine reads the peer, one writes to it, and each program has its own; only they touch
/// the connection layer, all on one thread.
class Relay final : public Programs {
  public:
    /// All outlive the relay.
    Relay(Session& session, Transport& transport, net::TaskSet& tasks);
    ~Relay() override;

    /// Until the connection ends. The tasks are still to be finished then.
    Task<Result<void>> run(Login login);

    void start(ChannelId channel, ProgramRequest request) override;
    void input(ChannelId channel, std::string_view bytes) override;
    void end_of_input(ChannelId channel) override;
    void resize(ChannelId channel, std::uint32_t columns, std::uint32_t rows) override;
    void signal(ChannelId channel, std::string_view name) override;
    void drain(ChannelId channel) override;
    void hang_up(ChannelId channel) override;
    void may_print(ChannelId channel, bool may) override;

  private:
    struct Running;
    using Shared = std::shared_ptr<Running>; // by its tasks and the list of channels

    Task<void> read_peer();
    Task<void> write_to_peer();
    Task<void> run_program(Shared running, ProgramRequest request);
    Task<void> print(Shared running, bool errors);
    Task<void> await_exit(Shared running);
    Task<Result<void>> feed(Running& running);
    bool has_room(const Running& running) const;
    Running* find(ChannelId channel);
    void settle();
    void end(Result<void> outcome);

    Session& session_;
    Transport& transport_;
    net::TaskSet& tasks_;
    std::unique_ptr<Connection> connection_;
    std::map<ChannelId, Shared> running_;
    net::Wakeup to_write_; ///< `out` has bytes, or the connection is to end.
    net::Wakeup to_read_;  ///< The connection layer may take messages again.
    net::Wakeup ended_;
    Result<void> outcome_;
};

} // namespace skep::service::ssh
