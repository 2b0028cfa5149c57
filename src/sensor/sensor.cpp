#include "sensor/sensor.hpp"

#include "process/workers.hpp"
#include "sensor/ssh_listener.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <malloc.h>
#include <map>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_map>

namespace skep::sensor {
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto drain_within = 1500ms;
constexpr auto retry_after = 50ms;

std::string sensor_name(const Settings& settings) {
    if (auto name = settings.text("sensor.name"); !name.empty()) return name;
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    return host.data();
}

Result<std::map<std::string, Listener>> read_listeners(const process::RoleContext& context) {
    std::map<std::string, Listener> listeners;
    for (const auto& name : context.settings.names("service")) {
        const auto key = [&](std::string_view leaf) {
            return fmt::format("service.{}.{}", name, leaf);
        };
        if (!context.settings.flag(key("enabled"))) continue;
        Listener listener;
        listener.name = name;
        listener.service = service::find(context.settings.text(key("kind")));
        if (listener.service == nullptr)
            return fail(Fault::refused, "no service of kind " + context.settings.text(key("kind")));
        TRY(listener.persona,
            persona::load(fmt::format("{}/personas/{}.toml", context.state_directory,
                                      context.settings.text(key("persona")))));
        if (listener.service->name == "ssh")
            if (auto prepared = prepare_ssh(listener, context.settings, context.state_directory);
                !prepared)
                return std::unexpected{prepared.error()};
        listeners.emplace(name, std::move(listener));
    }
    return listeners;
}

} // namespace

struct Sensor::State {
    asio::io_context& io;
    process::Child child;
    process::RecorderLink recorder;
    CellsLink cells;
    AuthPolicy policy;
    net::Deadlines deadlines;
    std::map<std::string, Listener> listeners;
    Shared shared;
    std::size_t workers; ///< Sensors that accept on the same sockets.
    std::size_t connections_max;
    std::size_t per_source_max;
    std::size_t connections = 0;
    std::unordered_map<std::string, std::size_t> by_source;
    std::uint64_t served = 0;
    std::uint64_t refused = 0;
    std::vector<std::shared_ptr<asio::posix::stream_descriptor>>
        accepting; // shared with their coroutines
    asio::steady_timer reporting;
    asio::steady_timer draining;
    bool stopping = false;

    State(asio::io_context& loop,
          const process::RoleContext& context,
          AuthPolicy rules,
          std::map<std::string, Listener> rows)
        : io{loop}, child{loop, context},
          recorder{loop, static_cast<std::size_t>(context.settings.limit("events_unacknowledged")),
                   static_cast<std::size_t>(context.settings.limit("event_text_bytes"))},
          cells{loop}, policy{std::move(rules)}, deadlines{loop}, listeners{std::move(rows)},
          shared{loop,
                 recorder,
                 cells,
                 policy,
                 deadlines,
                 ConnectionSettings{context.settings},
                 sensor_name(context.settings)},
          workers{process::sensor_workers(context.settings)},
          connections_max{process::share_of(context.settings.limit("connections"), workers)},
          per_source_max{
              process::share_of(context.settings.limit("connections_per_source"), workers)},
          reporting{loop}, draining{loop} {}

    void start() {
        shared.on_end = [this](const std::string& source) { release(source); };
        policy.on_accepted = [this](const std::string& source, std::string_view user,
                                    std::string_view password) {
            recorder.remember(source, user, password);
        };
        if (workers > 1)
            policy.on_tried = [this](const std::string& source) { recorder.tried(source); };
        recorder.on_tried = [this](const std::string& source) { policy.tried(source); };
        recorder.on_remembered = [this](const std::string& source, const std::string& user,
                                        const std::string& password) {
            policy.remember(source, user, password);
        };
        child.on_peer = [this](const std::string& name, process::Descriptor socket) {
            if (name == "recorder")
                recorder.attach(std::move(socket));
            else if (name == "cells")
                cells.attach(std::move(socket));
        };
        child.on_listener = [this](const std::string& service, const std::string&,
                                   process::Descriptor socket) {
            listen(service, std::move(socket));
        };
        child.on_stop = [this] { stop(); };
        child.start();
        child.ready();
        report();
    }

    void listen(const std::string& service, process::Descriptor socket) {
        const auto found = listeners.find(service);
        if (found == listeners.end()) return;
        const auto& listener = found->second;
        net::set_options(socket.get(), listener.service->socket_options(listener.persona));
        auto descriptor = std::make_shared<asio::posix::stream_descriptor>(io, socket.release());
        accepting.push_back(descriptor);
        asio::co_spawn(io, accept_all(std::move(descriptor), listener), asio::detached);
    }

    Task<void> accept_all(std::shared_ptr<asio::posix::stream_descriptor> socket,
                          const Listener& listener) {
        for (;;) {
            boost::system::error_code error;
            auto token = asio::redirect_error(asio::use_awaitable, error);
            co_await socket->async_wait(asio::posix::stream_descriptor::wait_read, token);
            if (error || stopping) co_return;
            // A recorder that does not keep up is waited for: peers stay in the backlog and no
            // event is lost.
            while (recorder.full() && !stopping)
                co_await rest();
            while (!recorder.full() && accept_one(socket->native_handle(), listener)) {
            }
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
                co_await rest();
        }
    }

    Task<void> rest() {
        asio::steady_timer timer{io, retry_after};
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        co_await timer.async_wait(token);
    }

    /// False when nobody waits any more, or the system has no descriptor left.
    bool accept_one(int listening, const Listener& listener) {
        const int socket = ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) return errno == EINTR || errno == ECONNABORTED;
        auto ends = net::endpoints_of(socket);
        const auto* limit = limit_reached(ends.peer_ip);
        if (limit != nullptr) {
            refuse(listener, ends, limit);
            ::close(socket);
            return true;
        }
        ++connections;
        ++served;
        ++by_source[ends.peer_ip];
        asio::co_spawn(io, serve_connection(shared, listener, socket, std::move(ends)),
                       asio::detached);
        return true;
    }

    const char* limit_reached(const std::string& source) const {
        if (recorder.pressure() == process::Pressure::no_sessions)
            return "disk_free_bytes_sessions";
        if (connections >= connections_max) return "connections";
        const auto found = by_source.find(source);
        if (found != by_source.end() && found->second >= per_source_max)
            return "connections_per_source";
        return nullptr;
    }

    void refuse(const Listener& listener, const net::Endpoints& ends, const char* limit) {
        ++refused;
        event::Event event{"session.refused", system_clock().now()};
        event.text("src_ip", ends.peer_ip).number("src_port", ends.peer_port);
        event.text("protocol", listener.service->name).text("service", listener.name);
        event.text("reason", "limit").text("name", limit).text("sensor", shared.sensor_name);
        recorder.record(std::move(event));
    }

    void release(const std::string& source) {
        --connections;
        const auto found = by_source.find(source);
        if (--found->second == 0) by_source.erase(found);
        if (stopping) end_if_drained();
    }

    void report() {
        child.report("connections", connections);
        child.report("served", served);
        child.report("refused", refused);
        child.report("unacknowledged", recorder.unacknowledged());
        // A flood leaves holes between the connections that stay; give whole free pages back while
        // nothing waits.
        if (recorder.unacknowledged() == 0) ::malloc_trim(0);
        const auto heap = ::mallinfo2();
        child.report("heap_bytes", heap.uordblks + heap.hblkhd);
        reporting.expires_after(1s);
        reporting.async_wait([this](const boost::system::error_code& error) {
            if (!error) report();
        });
    }

    /// Peers are dropped, as by a machine that goes down; what they left is given to the recorder.
    void stop() {
        if (stopping) return;
        stopping = true;
        reporting.cancel();
        end_connections();
        draining.expires_after(drain_within);
        draining.async_wait([this](const boost::system::error_code&) { io.stop(); });
        recorder.on_drained = [this] { end_if_drained(); };
        end_if_drained();
    }

    void end_connections() {
        for (const auto& socket : accepting)
            socket->cancel();
        deadlines.sweep(
            std::chrono::steady_clock::time_point::max()); // each has its LifeTime there
    }

    void end_if_drained() {
        if (connections == 0 && recorder.unacknowledged() == 0) io.stop();
    }
};

Sensor::Sensor(std::unique_ptr<State> state) : state_{std::move(state)} {}

/// Sessions hold what lies in the state: they end first. One that does not is left alone with it,
/// for the process ends.
Sensor::~Sensor() {
    constexpr int turns_max = 1000;
    state_->stopping = true;
    state_->cells.fail_waiting();
    state_->end_connections();
    for (int turn = 0; turn < turns_max && state_->connections != 0; ++turn) {
        state_->io.restart();
        state_->io.poll();
    }
    if (state_->connections != 0)
        static_cast<void>(state_.release()); // NOLINT(bugprone-unused-return-value): left alone
}

Result<std::unique_ptr<Sensor>> Sensor::make(asio::io_context& io,
                                             const process::RoleContext& context) {
    TRY(auto listeners, read_listeners(context));
    TRY(auto policy, AuthPolicy::make(context.settings));
    auto state = std::make_unique<State>(io, context, std::move(policy), std::move(listeners));
    return std::unique_ptr<Sensor>{new Sensor{std::move(state)}};
}

void Sensor::start() {
    state_->start();
}

} // namespace skep::sensor
