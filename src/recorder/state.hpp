// The recorder's inside: one object whose parts are in intake.cpp (messages), durable.cpp (disks)
// and recorder.cpp (life).
#pragma once

#include "base/wire.hpp"
#include "event/event.hpp"
#include "recorder/client.hpp"
#include "recorder/committer.hpp"
#include "recorder/disk_floor.hpp"
#include "recorder/recorder.hpp"
#include "recorder/recordings.hpp"
#include "recorder/vault.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <string>
#include <vector>

namespace skep::recorder {

/// What of the recordings is being made durable, and what waits for it.
struct SyncRound {
    std::vector<std::string> names;
    std::vector<Ticket> tickets;
    /// log.closed events, which tell of a whole file and so come after it.
    std::vector<std::pair<event::Event, Ticket>> events;

    bool empty() const { return names.empty() && tickets.empty() && events.empty(); }
};

struct Recorder::State : std::enable_shared_from_this<State> {
    State(boost::asio::io_context& loop, Surroundings around);

    // intake.cpp
    static Task<void> serve(std::shared_ptr<State> self, std::shared_ptr<Client> client);
    void handle(const std::shared_ptr<Client>& client, process::Message message);
    Result<void> handle_event(Ticket ticket, WireReader& fields);
    Result<void> handle_artifact(Ticket ticket, WireReader& fields, process::Descriptor content);
    Result<void> handle_open(Ticket ticket, WireReader& fields);
    Result<void> handle_data(Ticket ticket, WireReader& fields);
    Result<void> handle_close(Ticket ticket, WireReader& fields);
    Result<void> handle_tried(Ticket ticket, WireReader& fields);
    Result<void> handle_remember(Ticket ticket, WireReader& fields);
    bool has_room(const Client& client) const;
    void write(const event::Event& event, Ticket ticket);
    void greet(Client& client);
    void farewell(const std::shared_ptr<Client>& client);

    // durable.cpp
    void keep(Ticket ticket, event::Event captured, process::Descriptor content);
    void kept(Ticket ticket, event::Event captured, const Result<Kept>& outcome);
    void durable(std::vector<Ticket> tickets);
    void sync_soon();
    void sync_recordings();
    void synced(SyncRound done, const Result<void>& outcome);
    void compress(const std::vector<std::string>& segments);
    void compress_next();

    // recorder.cpp
    Result<void> open(const Settings& settings);
    void connect_committer();
    void start();
    void poll_stop(unsigned still_polls);
    void tick();
    void measure();
    void limit_event(std::string_view limit, bool reached);
    void tell_pressure();
    unsigned pressure() const;
    void report_numbers();
    bool is_idle() const;

    boost::asio::io_context& io;
    Surroundings around;
    std::string sensor;
    process::Descriptor state_directory;
    process::Descriptor journal_directory;
    std::unique_ptr<Committer> committer;
    std::unique_ptr<Vault> vault; ///< Touched by vault_worker only, once it runs.
    std::unique_ptr<Recordings> recordings;
    AuthMemory logins{0};
    DiskFloor floor{0, 0};
    std::vector<std::shared_ptr<Client>> clients;

    SyncRound next_round;
    bool syncing = false;
    bool sync_waits = false;
    bool journal_fails = false;
    bool recordings_fail = false;
    unsigned told_pressure = 0;
    std::vector<std::string> uncompressed;
    bool compressing = false;
    std::size_t artifacts = 0; ///< Contents that wait or are being copied.
    std::uint64_t messages = 0;
    std::uint64_t ticks = 0;
    bool stopping = false;
    std::function<void()> on_stopped;

    std::map<std::string, std::uint64_t, std::less<>> numbers; ///< For the status line.
    std::map<std::string, std::uint64_t, std::less<>> told_numbers;

    boost::asio::steady_timer ticking;
    boost::asio::steady_timer room; ///< Cancelled when there is room for messages again.
    boost::asio::steady_timer syncing_at;
    boost::asio::steady_timer stop_poll;

    Worker vault_worker; // last: their ends wait for jobs that use what is above
    Worker chores;
};

} // namespace skep::recorder
