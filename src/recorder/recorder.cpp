#include "recorder/recorder.hpp"

#include "recorder/state.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <array>
#include <sys/statvfs.h>
#include <unistd.h>

namespace skep::recorder {
namespace asio = boost::asio;
using process::MessageKind;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t commits_per_limit = 4; ///< A gap is this part of journal_commit_ms.
constexpr std::uint64_t compress_again_ticks = 60;
constexpr Micros micros_per_second = 1'000'000;

std::string sensor_name(const Settings& settings) {
    if (auto name = settings.text("sensor.name"); !name.empty()) return name;
    std::array<char, 256> host{};
    return ::gethostname(host.data(), host.size() - 1) == 0 ? host.data() : "sensor";
}

std::uint64_t limit(const Settings& settings, std::string_view name) {
    return static_cast<std::uint64_t>(settings.limit(name));
}

} // namespace

std::vector<std::string> written_directories(const std::string& state_directory) {
    return {state_directory + "/journal", state_directory + "/vault",
            state_directory + "/recordings", state_directory + "/auth"};
}

Recorder::State::State(asio::io_context& loop, Surroundings surroundings)
    : io{loop}, around{std::move(surroundings)}, ticking{loop}, room{loop}, syncing_at{loop},
      stop_poll{loop} {
    // Never expires: whoever waits is woken by cancel.
    room.expires_at(asio::steady_timer::time_point::max());
}

Result<void> Recorder::State::open(const Settings& settings) {
    const auto& base = around.state_directory;
    sensor = sensor_name(settings);
    floor = DiskFloor{limit(settings, "disk_free_bytes_artifacts"),
                      limit(settings, "disk_free_bytes_sessions")};
    TRY(state_directory, open_directory(base));
    TRY(auto journal, Journal::open({.directory = base + "/journal",
                                     .segment_bytes = limit(settings, "journal_segment_bytes"),
                                     .segment_time = settings.limit("journal_segment_seconds") *
                                                     micros_per_second,
                                     .clock = around.clock,
                                     .calls = around.calls}));
    TRY(journal_directory, open_directory(base + "/journal"));
    TRY(auto opened_vault,
        Vault::open({.directory = base + "/vault",
                     .artifact_bytes_max = limit(settings, "artifact_bytes"),
                     .bytes_max = limit(settings, "vault_bytes"),
                     .session_bytes_max = limit(settings, "vault_bytes_per_session")}));
    numbers["vault_bytes"] = opened_vault.bytes();
    vault = std::make_unique<Vault>(std::move(opened_vault));
    TRY(auto opened_recordings, Recordings::open({.directory = base + "/recordings",
                                                  .bytes_max = limit(settings, "recording_bytes"),
                                                  .clock = around.clock}));
    recordings = std::make_unique<Recordings>(std::move(opened_recordings));
    logins = AuthMemory{static_cast<std::size_t>(limit(settings, "auth_memory_entries"))};
    TRY(auto file, AuthFile::open(base + "/auth"));
    TRY(const auto remembered, file.read());
    if (!logins.load(remembered) || logins.wants_compaction()) {
        if (auto replaced = file.replace(logins.compacted(around.clock->now())); !replaced)
            return replaced;
    }
    const CommitOptions options{
        .gap = std::chrono::milliseconds{settings.limit("journal_commit_ms") / commits_per_limit},
        .calls = around.calls};
    committer = std::make_unique<Committer>(io, std::move(journal), std::move(file), options);
    connect_committer();
    measure();
    return {};
}

void Recorder::State::connect_committer() {
    committer->on_durable = [this](std::vector<Ticket> tickets) { durable(std::move(tickets)); };
    committer->on_closed = [this](const std::vector<std::string>& names) { compress(names); };
    committer->on_fault = [this](const std::string& fault) {
        journal_fails = !fault.empty();
        if (around.notice)
            around.notice("journal", journal_fails ? fault : "writes again, nothing was lost");
        tell_pressure();
    };
}

void Recorder::State::start() {
    committer->start();
    vault_worker.start();
    chores.start();
    tick();
}

void Recorder::State::tick() {
    measure();
    committer->rotate();
    if (++ticks % compress_again_ticks == 0) compress_next();
    report_numbers();
    ticking.expires_after(1s);
    ticking.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (self && !error) self->tick();
    });
}

void Recorder::State::measure() {
    std::uint64_t bytes = 0;
    if (around.free_bytes) {
        bytes = around.free_bytes();
    } else {
        struct statvfs system{};
        if (::fstatvfs(state_directory.get(), &system) != 0) return;
        bytes = std::uint64_t{system.f_bavail} * system.f_frsize;
    }
    numbers["disk_free_bytes"] = bytes;
    const bool artifacts_before = floor.no_artifacts();
    const bool sessions_before = floor.no_sessions();
    floor.update(bytes);
    if (floor.no_artifacts() != artifacts_before)
        limit_event("disk_free_bytes_artifacts", floor.no_artifacts());
    if (floor.no_sessions() != sessions_before)
        limit_event("disk_free_bytes_sessions", floor.no_sessions());
    tell_pressure();
}

void Recorder::State::limit_event(std::string_view limit, bool reached) {
    event::Event event{"skep.limit", around.clock->now()};
    event.text("sensor", sensor);
    event.text("role", "recorder");
    event.text("name", limit);
    event.text("reason", reached ? "reached" : "left");
    write(event, {});
}

unsigned Recorder::State::pressure() const {
    if (journal_fails || floor.no_sessions()) return 2;
    return floor.no_artifacts() ? 1 : 0;
}

void Recorder::State::tell_pressure() {
    const auto level = pressure();
    if (std::exchange(told_pressure, level) == level) return;
    numbers["pressure"] = level;
    for (const auto& client : clients)
        client->channel.send(MessageKind::pressure,
                             std::move(WireWriter{}.u8(static_cast<std::uint8_t>(level))).take());
    constexpr std::array<std::string_view, 3> words{
        "none", "new files are not kept: the disk is filling",
        "sessions are refused: the disk is full or the journal cannot be written"};
    if (around.notice) around.notice("pressure", words[level]);
}

void Recorder::State::report_numbers() {
    numbers["commits"] = committer->commits();
    numbers["pending_bytes"] = committer->pending_bytes();
    for (const auto& [name, value] : numbers) {
        const auto [told, is_new] = told_numbers.try_emplace(name, value);
        if (!is_new && std::exchange(told->second, value) == value) continue;
        if (around.report) around.report(name, value);
    }
}

bool Recorder::State::is_idle() const {
    return committer->is_idle() && next_round.empty() && !syncing && artifacts == 0;
}

/// Stopped when nothing is owed and either no client is left or none said anything for a while.
void Recorder::State::poll_stop(unsigned still_polls) {
    constexpr unsigned still_polls_wanted = 4;
    if (is_idle() && (clients.empty() || still_polls >= still_polls_wanted)) {
        ticking.cancel();
        report_numbers();
        return on_stopped();
    }
    stop_poll.expires_after(50ms);
    stop_poll.async_wait([weak = weak_from_this(), before = messages,
                          still_polls](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (self && !error) self->poll_stop(self->messages == before ? still_polls + 1 : 0);
    });
}

Recorder::Recorder(std::shared_ptr<State> state) : state_{std::move(state)} {}

Recorder::~Recorder() {
    for (auto* timer : {&state_->ticking, &state_->room, &state_->syncing_at, &state_->stop_poll})
        timer->cancel();
    for (const auto& client : state_->clients) {
        client->gone = true;
        client->channel.close();
    }
}

Result<std::unique_ptr<Recorder>>
Recorder::open(asio::io_context& io, const Settings& settings, Surroundings surroundings) {
    auto state = std::make_shared<State>(io, std::move(surroundings));
    if (auto opened = state->open(settings); !opened) return std::unexpected{opened.error()};
    return std::unique_ptr<Recorder>{new Recorder{std::move(state)}};
}

void Recorder::start() {
    state_->start();
}

void Recorder::attach(const std::string& name, process::Descriptor socket) {
    auto client = std::make_shared<Client>(state_->io, name, std::move(socket));
    state_->clients.push_back(client);
    state_->greet(*client);
    asio::co_spawn(state_->io, State::serve(state_, std::move(client)), asio::detached);
}

void Recorder::stop(std::function<void()> done) {
    state_->stopping = true;
    state_->on_stopped = std::move(done);
    state_->poll_stop(0);
}

} // namespace skep::recorder
