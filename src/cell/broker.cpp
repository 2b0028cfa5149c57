#include "cell/broker.hpp"

#include "base/crypto/sha256.hpp"
#include "base/wire.hpp"
#include "cell/broker_state.hpp"
#include "cell/cell_id.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <utility>

namespace skep::cell {

void Broker::State::open(process::CellRequest request, const std::shared_ptr<Channel>& sensor) {
    Session session{sensor, request.request, std::move(request)};
    const auto found = find(session.request.key, session.request.persona, true);
    if (!found) return refuse(session, found.error().detail());
    auto& cell = **found;
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

/// The cell of a source, which is started if it does not run. Without `make_new` only if it has run
/// before.
Result<std::shared_ptr<BrokerCell>>
Broker::State::find(const std::string& key, const std::string& persona, bool make_new) {
    const auto image = plan.image_of.find(persona);
    if (image == plan.image_of.end()) return fail(Fault::refused, "there is no such persona");
    const auto id = crypto::sha256_hex(key + '\n' + persona).substr(0, cell_id_digits);
    if (const auto running = cells.find(id); running != cells.end()) {
        running->second->wanted_new = running->second->wanted_new || make_new;
        return running->second;
    }
    // A question ends nobody's cell.
    if (make_new ? !make_room() : cells.size() >= plan.cells_max)
        return fail(Fault::refused, "limits.cells");
    auto cell = std::make_shared<Cell>();
    cell->id = id;
    cell->persona = persona;
    cell->image = image->second;
    cell->wanted_new = make_new;
    cell->used = now_seconds();
    cells.emplace(id, cell);
    launch(*cell);
    return cell;
}

void Broker::State::launch(Cell& cell) {
    cell.may_be_new = cell.wanted_new;
    WireWriter out;
    out.bytes(cell.id).bytes(cell.persona).u8(cell.may_be_new ? 0 : 1);
    launcher.send(MessageKind::cell_launch, std::move(out).take());
}

void Broker::State::ask(process::KeyQuestion asked, const std::shared_ptr<Channel>& sensor) {
    Question question{sensor, asked.request, std::move(asked)};
    const auto found = find(question.asked.key, question.asked.persona, false);
    if (!found) return answer(question, {});
    auto& cell = **found;
    question.asked.request = next_request++;
    if (cell.supervisor != nullptr)
        cell.supervisor->send(MessageKind::cell_key, process::encode(question.asked));
    const auto number = question.asked.request;
    cell.questions.emplace(number, std::move(question));
}

void Broker::State::answer(const Question& question, KeyVerdict verdict) {
    const auto sensor = question.sensor.lock();
    if (sensor == nullptr) return;
    const process::KeyAnswer answer{.request = question.outer, .verdict = std::move(verdict)};
    sensor->send(MessageKind::cell_key_answer, process::encode(answer));
}

void Broker::State::fail_questions(Cell& cell) {
    for (const auto& [number, question] : std::exchange(cell.questions, {}))
        answer(question, {});
}

/// To the supervisor of the cell whose session the sensor's number means: the peer is gone, or has
/// sent a signal.
void Broker::State::pass_on(MessageKind kind,
                            std::string_view payload,
                            const std::shared_ptr<Channel>& sensor) {
    WireReader in{payload};
    const auto outer = in.u64();
    const auto name = kind == MessageKind::cell_signal ? in.bytes() : std::string{};
    if (!in.finish()) return;
    for (const auto& cell : cells) {
        for (const auto& [number, session] : cell.second->sessions) {
            if (session.outer != outer || session.sensor.lock() != sensor ||
                cell.second->supervisor == nullptr)
                continue;
            WireWriter out;
            out.u64(number);
            if (kind == MessageKind::cell_signal) out.bytes(name);
            cell.second->supervisor->send(kind, std::move(out).take());
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

void Broker::State::refuse(const Session& session, std::string_view reason) {
    const auto sensor = session.sensor.lock();
    if (sensor == nullptr) return;
    WireWriter out;
    out.u64(session.outer).bytes(reason);
    sensor->send(MessageKind::cell_failed, std::move(out).take());
}

Task<void> Broker::State::read_sensor(std::shared_ptr<State> state,
                                      std::shared_ptr<Channel> sensor) {
    for (;;) {
        auto message = co_await sensor->receive();
        if (!message && message.error().kind() == Fault::malformed) continue;
        if (!message) co_return state->lose(sensor);
        state->hear_sensor(std::move(*message), sensor);
    }
}

/// A sensor has ended, and its peers with it.
void Broker::State::lose(const std::shared_ptr<Channel>& sensor) {
    for (const auto& cell : cells)
        for (const auto& [number, session] : cell.second->sessions)
            if (session.sensor.lock() == sensor && cell.second->supervisor != nullptr) {
                WireWriter out;
                out.u64(number);
                cell.second->supervisor->send(MessageKind::cell_close, std::move(out).take());
            }
}

void Broker::State::hear_sensor(Message message, const std::shared_ptr<Channel>& sensor) {
    if (message.kind == MessageKind::cell_open) {
        if (auto request = process::decode_cell_request(message.payload))
            open(std::move(*request), sensor);
    } else if (message.kind == MessageKind::cell_key) {
        if (auto asked = process::decode_key_question(message.payload))
            ask(std::move(*asked), sensor);
    } else if (message.kind == MessageKind::cell_close ||
               message.kind == MessageKind::cell_signal) {
        pass_on(message.kind, message.payload, sensor);
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
