// The broker's side towards the launcher and the supervisors of cells.
#include "base/wire.hpp"
#include "cell/broker_state.hpp"
#include "cell/outlet.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <vector>

namespace skep::cell {
namespace {

constexpr std::chrono::seconds sweep_every{5};

} // namespace

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
    fail_questions(*cell);
    // Whatever a program did, it was killed.
    process::CellExit exit;
    exit.signal = SIGKILL;
    for (auto& [number, session] : cell->sessions) {
        exit.request = session.outer;
        if (const auto sensor = session.sensor.lock())
            sensor->send(MessageKind::cell_closed, process::encode(exit));
    }
    event::Event event{"cell.ended", system_clock().now()};
    stamp(*cell, 0, event);
    event.text("reason", cell->end_reason.empty() ? "died" : cell->end_reason);
    recorder.record(std::move(event));
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
        fail_questions(*cell);
        // A session has come while only a question waited for it.
        if (cell->wanted_new && !cell->may_be_new) return launch(*cell);
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
    for (const auto& [number, question] : cell->questions)
        cell->supervisor->send(MessageKind::cell_key, process::encode(question.asked));
    asio::co_spawn(io, read_cell(shared_from_this(), cell), asio::detached);
}

void Broker::State::hear_cell(Cell& cell, Message message) {
    if (message.kind == MessageKind::cell_event || message.kind == MessageKind::cell_artifact)
        return pass_event(cell, std::move(message));
    WireReader in{message.payload};
    const auto number = in.u64();
    if (message.kind == MessageKind::cell_key_answer) {
        const auto question = cell.questions.extract(number);
        auto told = process::decode_key_answer(message.payload);
        if (!question.empty())
            answer(question.mapped(), told ? std::move(told->verdict) : KeyVerdict{});
        return;
    }
    const auto found = cell.sessions.find(number);
    if (found == cell.sessions.end()) return;
    const auto& session = found->second;
    const auto sensor = session.sensor.lock();
    WireWriter out;
    out.u64(session.outer);
    if (message.kind == MessageKind::cell_opened) {
        out.bytes(cell.id);
        message.payload = std::move(out).take();
    } else if (message.kind == MessageKind::cell_failed) {
        out.bytes(in.bytes());
        message.payload = std::move(out).take();
    } else if (message.kind == MessageKind::cell_closed) {
        auto exit = process::decode_cell_exit(message.payload);
        if (!exit) return;
        exit->request = session.outer;
        message.payload = process::encode(*exit);
    } else {
        return;
    }
    const bool goes_on = message.kind == MessageKind::cell_opened;
    if (sensor != nullptr) sensor->send(std::move(message));
    if (goes_on) return;
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

} // namespace skep::cell
