#include "hub/role.hpp"

#include "base/bytes.hpp"
#include "hub/api/server.hpp"
#include "hub/ingest_thread.hpp"
#include "hub/store/repair.hpp"
#include "process/recorder_link.hpp"
#include "process/sandbox.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <unistd.h>

namespace skep::hub {
namespace {

namespace asio = boost::asio;

void log(std::string_view level, std::string_view text) {
    fmt::print(stderr, "{} hub: {}\n", level, escape_text(text));
}

Result<void> give_up_the_rest(const std::string& state) {
    process::FileRules rules;
    for (const auto* name : {"journal", "recordings", "vault", "run"})
        rules.read.push_back(state + '/' + name);
    rules.write.push_back(state + "/hub");
    std::error_code ignored; // a rule for a directory that does not exist fails below
    for (const auto* paths : {&rules.read, &rules.write})
        for (const auto& path : *paths)
            std::filesystem::create_directory(path, ignored);
    // DuckDB asks for the memory limit of its control group and ends the process if it may not.
    for (const auto* path : {"/proc/self/cgroup", "/sys/fs/cgroup"})
        if (std::filesystem::exists(path, ignored)) rules.read.emplace_back(path);
    if (auto dropped = process::drop_privileges(); !dropped) return dropped;
    if (auto files = process::restrict_files(rules); !files) log("warning", files.error().detail());
    return process::restrict_calls(process::Profile::hub);
}

/// Everything of the hub, in the order of its dependence; the io_context is the caller's.
class Hub {
  public:
    Hub(asio::io_context& io, process::Child& child, const process::RoleContext& context)
        : io_{io}, child_{child}, settings_{context.settings}, state_{context.state_directory},
          accounts_{system_clock(), account_limits()},
          feed_{size_limit("hub_live_events"), size_limit("hub_live_bytes")},
          recorder_{io, size_limit("events_unacknowledged"), size_limit("event_text_bytes")},
          ticks_{io} {}

    Result<void> open();

    void listen(process::Descriptor socket) { server_->listen(io_, std::move(socket)); }

    void attach(process::Descriptor socket) { recorder_.attach(std::move(socket)); }

    void start();
    void stop(int status);

    int exit_status() const noexcept { return exit_status_; }

  private:
    std::size_t size_limit(std::string_view name) const {
        return static_cast<std::size_t>(settings_.limit(name));
    }

    std::string sensor_name() const;
    AccountLimits account_limits() const;
    api::Parts parts();
    api::ServerLimits server_limits() const;
    void took(IngestStep step, std::int64_t last_seq, std::int64_t bad_lines, bool caught_up);
    void failed(const Error& error);
    void tick();

    asio::io_context& io_;
    process::Child& child_;
    const Settings& settings_;
    std::string state_;
    HubStatus status_;
    Accounts accounts_;
    LiveFeed feed_;
    process::RecorderLink recorder_;
    asio::steady_timer ticks_;
    std::optional<store::Store> store_;
    std::unique_ptr<QueryPool> pool_;
    std::optional<api::Service> service_;
    std::optional<api::Server> server_;
    std::optional<IngestThread> ingest_;
    int exit_status_ = 0;
};

std::string Hub::sensor_name() const {
    auto name = settings_.text("sensor.name");
    if (!name.empty()) return name;
    std::array<char, 256> host{};
    return ::gethostname(host.data(), host.size() - 1) == 0 ? host.data() : "";
}

AccountLimits Hub::account_limits() const {
    return {.session_hours = settings_.number("hub.session_hours"),
            .logins_per_minute = settings_.limit("hub_logins_per_minute"),
            .logins_per_minute_all = settings_.limit("hub_logins_per_minute_all"),
            .sessions_max = size_limit("hub_sessions")};
}

api::Parts Hub::parts() {
    return {.clock = system_clock(),
            .pool = *pool_,
            .accounts = accounts_,
            .status = status_,
            .assets = web_assets(),
            .state_directory = state_,
            .host_names = settings_.list("hub.host_names"),
            .sensor_name = sensor_name(),
            .requests_per_minute = settings_.limit("hub_requests_per_minute"),
            .answer_bytes_max = size_limit("hub_answer_bytes"),
            .on_store_error = [this](const Error& error) { failed(error); }};
}

api::ServerLimits Hub::server_limits() const {
    api::ServerLimits limits;
    limits.connections = size_limit("hub_connections");
    limits.idle = std::chrono::seconds{settings_.limit("hub_idle_seconds")};
    limits.header_bytes = static_cast<std::uint32_t>(settings_.limit("hub_header_bytes"));
    limits.request_bytes = size_limit("hub_request_bytes");
    limits.live_clients = size_limit("hub_live_clients");
    return limits;
}

Result<void> Hub::open() {
    store::StoreOptions options;
    options.directory = state_ + "/hub";
    options.memory_bytes = size_limit("hub_memory_bytes");
    options.spill_bytes = size_limit("hub_spill_bytes");
    TRY(auto opened,
        store::Store::open(options, [](std::string_view what) { log("warning", what); }));
    store_.emplace(std::move(opened));
    status_.rebuilt = store_->rebuilt();
    if (status_.rebuilt) child_.notice("store", "rebuilding from the journal");
    PoolLimits limits;
    limits.waiting_max = size_limit("hub_queries_waiting");
    limits.longest = std::chrono::seconds{settings_.limit("hub_query_seconds")};
    TRY(pool_, QueryPool::make(*store_, limits));
    service_.emplace(parts());
    server_.emplace(*service_, feed_, server_limits());
    return {};
}

void Hub::start() {
    auto connection = store_->connect();
    if (!connection) return failed(connection.error());
    auto writer = store::Writer::make(*std::move(connection));
    if (!writer) return failed(writer.error());
    feed_.start_at(writer->last_seq());
    status_.events = writer->last_seq();
    Ingest ingest{*std::move(writer), state_ + "/journal", state_ + "/hub"};
    ingest.on_bad = [](std::string_view why) { log("warning", why); };
    IngestCalls calls;
    calls.on_step = [this](IngestStep step, const Ingest& state) {
        asio::post(io_,
                   [this, step = std::move(step), seq = state.last_seq(), bad = state.bad_lines(),
                    done = state.caught_up()]() mutable { took(std::move(step), seq, bad, done); });
    };
    calls.on_error = [this](Error error) {
        asio::post(io_, [this, error = std::move(error)] { failed(error); });
    };
    ingest_.emplace(std::move(ingest), IngestPace{}, std::move(calls));
    tick();
}

void Hub::took(IngestStep step, std::int64_t last_seq, std::int64_t bad_lines, bool caught_up) {
    if (caught_up && !status_.caught_up && status_.rebuilt) child_.notice("store", "rebuilt");
    status_.events = last_seq;
    status_.added += static_cast<std::int64_t>(step.added);
    status_.bad_lines = bad_lines;
    status_.caught_up = caught_up || status_.caught_up;
    if (!step.live.empty()) status_.lag_ms = (system_clock().now() - step.newest) / 1000;
    server_->publish(std::move(step.live));
}

/// The store is needed for everything here: the supervisor starts us again, and a damaged one is
/// then made anew.
void Hub::failed(const Error& error) {
    if (exit_status_ != 0) return;
    log("error", fmt::format("the store failed: {}", error.detail()));
    status_.fault = error.detail();
    child_.notice("store", error.detail());
    if (store::is_damage(error.detail())) store::Store::condemn(state_ + "/hub");
    stop(1);
}

void Hub::tick() {
    status_.store_bytes = store::Store::bytes(state_ + "/hub");
    status_.pressure = static_cast<int>(recorder_.pressure());
    child_.report("events", static_cast<std::uint64_t>(status_.events));
    child_.report("ingest_lag_ms",
                  static_cast<std::uint64_t>(std::max<std::int64_t>(status_.lag_ms, 0)));
    child_.report("store_bytes", status_.store_bytes);
    child_.report("bad_journal_lines", static_cast<std::uint64_t>(status_.bad_lines));
    ticks_.expires_after(std::chrono::seconds{2});
    ticks_.async_wait([this](const boost::system::error_code& error) {
        if (!error) tick();
    });
}

void Hub::stop(int status) {
    exit_status_ = status;
    server_->stop();
    ticks_.cancel();
    io_.stop();
}

} // namespace

int run(const process::RoleContext& context) {
    asio::io_context io{1};
    process::Child child{io, context};
    // Before the store opens: what is in it came from attackers, and its threads inherit the rules.
    if (auto given = give_up_the_rest(context.state_directory); !given) {
        log("error", fmt::format("sandbox: {}", given.error().detail()));
        return 1;
    }
    Hub hub{io, child, context};
    if (auto opened = hub.open(); !opened) {
        log("error", opened.error().detail());
        return 1;
    }
    child.on_listener = [&](const std::string&, const std::string&, process::Descriptor socket) {
        hub.listen(std::move(socket));
    };
    child.on_peer = [&](const std::string& name, process::Descriptor socket) {
        if (name == "recorder") hub.attach(std::move(socket));
    };
    child.on_stop = [&] { hub.stop(0); };
    hub.start();
    child.start();
    child.ready();
    io.run();
    return hub.exit_status();
}

} // namespace skep::hub
