#include "cell/broker.hpp"

#include "base/crypto/sha256.hpp"
#include "base/wire.hpp"
#include "cell/outlet.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <vector>

namespace skep::cell {
namespace asio = boost::asio;

namespace {

using process::Channel;
using process::Descriptor;
using process::Message;
using process::MessageKind;

constexpr std::chrono::seconds sweep_every{5};

std::int64_t now_seconds() {
    return system_clock().now() / 1000000;
}

/// A connection of a sensor that has a shell, or waits for one.
struct Session {
    std::weak_ptr<Channel> sensor; ///< Gone when that sensor was restarted.
    std::uint64_t outer = 0;       ///< The sensor's number.
    process::CellRequest request;  ///< With our own number.
};

struct Cell {
    std::string id;
    std::string persona;
    std::string image;
    std::string src_ip;
    std::string last_session;
    std::string protocol;
    std::shared_ptr<Channel> supervisor; ///< Null until the launcher has answered.
    std::map<std::uint64_t, Session> sessions;
    std::int64_t used = 0;
    std::string end_reason; ///< Why we ended it.
};

} // namespace

struct Broker::State : std::enable_shared_from_this<Broker::State> {
    asio::io_context& io;
    BrokerPlan plan;
    process::RecorderLink& recorder;
    Channel launcher;
    asio::steady_timer timer;
    std::map<std::string, std::shared_ptr<Cell>> cells; ///< By id.
    std::uint64_t next_request = 1;
    std::function<void()> on_ready;
    std::function<void(std::string_view)> on_broken;
    bool stopping = false;

    State(asio::io_context& loop, BrokerPlan what, process::RecorderLink& link, Descriptor socket)
        : io{loop}, plan{std::move(what)}, recorder{link}, launcher{loop, std::move(socket)},
          timer{loop} {}

    void open(process::CellRequest request, const std::shared_ptr<Channel>& sensor);
    void close(std::uint64_t outer, const std::shared_ptr<Channel>& sensor);
    bool make_room();
    void end(Cell& cell, std::string_view reason);
    void forget(const std::shared_ptr<Cell>& cell);
    void refuse(const Session& session, std::string_view reason);
    void hear_launcher(Message message);
    void hear_cell(Cell& cell, Message message);
    void pass_event(Cell& cell, Message message);
    void stamp(const Cell& cell, std::uint64_t request, event::Event& event) const;

    static Task<void> read_launcher(std::shared_ptr<State> state);
    static Task<void> read_sensor(std::shared_ptr<State> state, std::shared_ptr<Channel> sensor);
    static Task<void> read_cell(std::shared_ptr<State> state, std::shared_ptr<Cell> cell);
    static Task<void> sweep(std::shared_ptr<State> state);
};

void Broker::State::open(process::CellRequest request, const std::shared_ptr<Channel>& sensor) {
    Session session{sensor, request.request, std::move(request)};
    const auto image = plan.image_of.find(session.request.persona);
    if (image == plan.image_of.end()) return refuse(session, "there is no such persona");
    const auto id =
        crypto::sha256_hex(session.request.key + '\n' + session.request.persona).substr(0, 16);
    auto found = cells.find(id);
    if (found == cells.end()) {
        if (!make_room()) return refuse(session, "limits.cells");
        auto cell = std::make_shared<Cell>();
        cell->id = id;
        cell->persona = session.request.persona;
        cell->image = image->second;
        found = cells.emplace(id, std::move(cell)).first;
        WireWriter out;
        out.bytes(id).bytes(session.request.persona);
        launcher.send(MessageKind::cell_launch, std::move(out).take());
    }
    auto& cell = *found->second;
    session.request.request = next_request++;
    cell.used = now_seconds();
    cell.src_ip = session.request.src_ip;
    cell.last_session = session.request.session;
    cell.protocol = session.request.protocol;
    if (cell.supervisor != nullptr)
        cell.supervisor->send(MessageKind::cell_open, process::encode(session.request));
    const auto number = session.request.request;
    cell.sessions.emplace(number, std::move(session));
}

/// The peer of a session is gone: its terminal is hung up.
void Broker::State::close(std::uint64_t outer, const std::shared_ptr<Channel>& sensor) {
    for (const auto& cell : cells) {
        for (const auto& [number, session] : cell.second->sessions) {
            if (session.outer != outer || session.sensor.lock() != sensor ||
                cell.second->supervisor == nullptr)
                continue;
            WireWriter out;
            out.u64(number);
            cell.second->supervisor->send(MessageKind::cell_close, std::move(out).take());
        }
    }
}

/// True if one more cell may be started; ends the one that was idle longest if need be.
bool Broker::State::make_room() {
    if (cells.size() < plan.cells_max) return true;
    std::shared_ptr<Cell> oldest;
    for (const auto& cell : cells)
        if (cell.second->sessions.empty() &&
            (oldest == nullptr || cell.second->used < oldest->used))
            oldest = cell.second;
    if (oldest == nullptr) return false;
    end(*oldest, "limit");
    forget(oldest);
    return true;
}

void Broker::State::end(Cell& cell, std::string_view reason) {
    cell.end_reason = reason;
    WireWriter out;
    out.bytes(cell.id);
    const auto payload = std::move(out).take();
    if (cell.supervisor != nullptr) cell.supervisor->send(MessageKind::cell_stop, payload);
    // Its files go too: what was dropped is in the vault.
    launcher.send(MessageKind::cell_stop, payload);
}

/// The cell has no processes any more.
void Broker::State::forget(const std::shared_ptr<Cell>& cell) {
    const auto found = cells.find(cell->id);
    if (found == cells.end() || found->second != cell) return;
    cells.erase(found);
    for (auto& [number, session] : cell->sessions)
        if (const auto sensor = session.sensor.lock()) {
            WireWriter out;
            out.u64(session.outer).u32(0);
            sensor->send(MessageKind::cell_closed, std::move(out).take());
        }
    event::Event event{"cell.ended", system_clock().now()};
    stamp(*cell, 0, event);
    event.text("reason", cell->end_reason.empty() ? "died" : cell->end_reason);
    recorder.record(std::move(event));
}

void Broker::State::refuse(const Session& session, std::string_view reason) {
    const auto sensor = session.sensor.lock();
    if (sensor == nullptr) return;
    WireWriter out;
    out.u64(session.outer).bytes(reason);
    sensor->send(MessageKind::cell_failed, std::move(out).take());
}

void Broker::State::hear_launcher(Message message) {
    WireReader in{message.payload};
    if (message.kind == MessageKind::ready && on_ready) return on_ready();
    if (message.kind == MessageKind::notice && on_broken) return on_broken(message.payload);
    const auto found = cells.find(in.bytes());
    if (found == cells.end()) return;
    const auto cell = found->second;
    if (message.kind == MessageKind::cell_failed) {
        const auto reason = in.bytes();
        for (const auto& [number, session] : cell->sessions)
            refuse(session, reason);
        cells.erase(found);
        return;
    }
    if (message.kind != MessageKind::cell_launched || !message.descriptor.valid() ||
        cell->supervisor != nullptr)
        return;
    cell->supervisor = std::make_shared<Channel>(io, std::move(message.descriptor));
    for (const auto& [number, session] : cell->sessions)
        cell->supervisor->send(MessageKind::cell_open, process::encode(session.request));
    asio::co_spawn(io, read_cell(shared_from_this(), cell), asio::detached);
}

void Broker::State::hear_cell(Cell& cell, Message message) {
    if (message.kind == MessageKind::cell_event || message.kind == MessageKind::cell_artifact)
        return pass_event(cell, std::move(message));
    WireReader in{message.payload};
    const auto found = cell.sessions.find(in.u64());
    if (found == cell.sessions.end()) return;
    const auto& session = found->second;
    const auto sensor = session.sensor.lock();
    WireWriter out;
    out.u64(session.outer);
    if (message.kind == MessageKind::cell_opened) {
        out.bytes(cell.id);
    } else if (message.kind == MessageKind::cell_failed) {
        out.bytes(in.bytes());
    } else if (message.kind == MessageKind::cell_closed) {
        out.u32(in.u32());
    } else {
        return;
    }
    if (sensor != nullptr)
        sensor->send(message.kind, std::move(out).take(), std::move(message.descriptor));
    if (message.kind == MessageKind::cell_opened) return;
    cell.used = now_seconds();
    cell.sessions.erase(found);
}

/// The source of an event is what we know, whatever the supervisor says.
void Broker::State::stamp(const Cell& cell, std::uint64_t request, event::Event& event) const {
    const auto found = cell.sessions.find(request);
    const bool known = found != cell.sessions.end();
    event.text("session", known ? found->second.request.session : cell.last_session);
    event.text("src_ip", known ? found->second.request.src_ip : cell.src_ip);
    event.text("protocol", known ? found->second.request.protocol : cell.protocol);
    event.text("persona", cell.persona).text("image", cell.image).text("cell", cell.id);
}

void Broker::State::pass_event(Cell& cell, Message message) {
    auto sent = decode_event(message.payload);
    if (!sent) return;
    stamp(cell, sent->request, sent->event);
    if (message.kind == MessageKind::cell_event)
        recorder.record(std::move(sent->event));
    else if (message.descriptor.valid())
        recorder.artifact(std::move(sent->event), std::move(message.descriptor));
}

Task<void> Broker::State::read_launcher(std::shared_ptr<State> state) {
    for (;;) {
        auto message = co_await state->launcher.receive();
        if (!message && message.error().kind() == Fault::malformed) continue;
        if (!message) break;
        state->hear_launcher(std::move(*message));
    }
    if (!state->stopping && state->on_broken) state->on_broken("the launcher of cells is gone");
}

Task<void> Broker::State::read_sensor(std::shared_ptr<State> state,
                                      std::shared_ptr<Channel> sensor) {
    for (;;) {
        auto message = co_await sensor->receive();
        if (!message && message.error().kind() == Fault::malformed) continue;
        if (!message) co_return;
        if (message->kind == MessageKind::cell_open) {
            if (auto request = process::decode_cell_request(message->payload))
                state->open(std::move(*request), sensor);
        } else if (message->kind == MessageKind::cell_close) {
            WireReader in{message->payload};
            const auto outer = in.u64();
            if (in.finish()) state->close(outer, sensor);
        }
    }
}

Task<void> Broker::State::read_cell(std::shared_ptr<State> state, std::shared_ptr<Cell> cell) {
    const auto supervisor = cell->supervisor;
    std::string reason;
    for (;;) {
        auto message = co_await supervisor->receive();
        if (!message && message.error().kind() == Fault::malformed) continue;
        if (!message) break;
        if (message->kind == MessageKind::notice) reason = message->payload;
        state->hear_cell(*cell, std::move(*message));
    }
    if (!reason.empty()) {
        // It could not be started: the sensors hear why, and so does the log.
        for (const auto& [number, session] : cell->sessions)
            state->refuse(session, reason);
        cell->sessions.clear();
        cell->end_reason = "start: " + reason;
        fmt::print(stderr, "error cells: a cell did not start reason={}\n", reason);
    }
    state->forget(cell);
}

Task<void> Broker::State::sweep(std::shared_ptr<State> state) {
    while (!state->stopping) {
        boost::system::error_code error;
        state->timer.expires_after(sweep_every);
        auto token = asio::redirect_error(asio::use_awaitable, error);
        co_await state->timer.async_wait(token);
        const auto now = now_seconds();
        std::vector<std::shared_ptr<Cell>> old;
        for (const auto& cell : state->cells)
            if (cell.second->sessions.empty() &&
                cell.second->used + state->plan.idle_seconds <= now)
                old.push_back(cell.second);
        for (const auto& cell : old) {
            state->end(*cell, "idle");
            state->forget(cell);
        }
    }
}

Broker::Broker(asio::io_context& io,
               BrokerPlan plan,
               process::RecorderLink& recorder,
               Descriptor launcher)
    : state_{std::make_shared<State>(io, std::move(plan), recorder, std::move(launcher))} {}

Broker::~Broker() {
    stop();
}

void Broker::start(std::function<void()> on_ready,
                   std::function<void(std::string_view)> on_broken) {
    state_->on_ready = std::move(on_ready);
    state_->on_broken = std::move(on_broken);
    asio::co_spawn(state_->io, State::read_launcher(state_), asio::detached);
    asio::co_spawn(state_->io, State::sweep(state_), asio::detached);
}

void Broker::add_sensor(Descriptor socket) {
    auto sensor = std::make_shared<Channel>(state_->io, std::move(socket));
    asio::co_spawn(state_->io, State::read_sensor(state_, std::move(sensor)), asio::detached);
}

std::size_t Broker::cells() const {
    return state_->cells.size();
}

void Broker::stop() {
    state_->stopping = true;
    state_->timer.cancel();
    state_->launcher.close();
    for (const auto& cell : state_->cells)
        if (cell.second->supervisor != nullptr) cell.second->supervisor->close();
}

} // namespace skep::cell
