// What the messages of a client do.
#include "event/journal_line.hpp"
#include "recorder/admission.hpp"
#include "recorder/state.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace skep::recorder {
namespace asio = boost::asio;
using process::MessageKind;

namespace {

constexpr std::size_t pending_bytes_max = std::size_t{64} << 20;
constexpr std::size_t unacknowledged_max = 200'000;
constexpr std::size_t artifacts_max = 16; ///< Open contents of one client.
constexpr unsigned messages_in_a_row = 64;

std::string login_fields(const RememberedLogin& login) {
    WireWriter out;
    out.bytes(login.source).bytes(login.user).bytes(login.password);
    return std::move(out).take();
}

} // namespace

bool Recorder::State::has_room(const Client& client) const {
    return committer->pending_bytes() < pending_bytes_max && client.artifacts < artifacts_max &&
           client.acknowledgements.waiting() < unacknowledged_max;
}

Task<void> Recorder::State::serve(std::shared_ptr<State> self, std::shared_ptr<Client> client) {
    for (unsigned count = 1;; ++count) {
        while (!self->has_room(*client)) {
            boost::system::error_code woken;
            auto token = asio::redirect_error(asio::use_awaitable, woken);
            co_await self->room.async_wait(token);
            if (client->gone) break;
        }
        auto message = co_await client->channel.receive();
        if (!message && message.error().kind() == Fault::malformed) {
            ++self->numbers["malformed"];
            continue;
        }
        if (!message) break;
        self->handle(client, *std::move(message));
        // `receive` does not wait while there is something: the others get their turn.
        if (count % messages_in_a_row == 0) co_await asio::post(self->io, asio::use_awaitable);
    }
    self->farewell(client);
}

void Recorder::State::greet(Client& client) {
    const auto level = static_cast<std::uint8_t>(pressure());
    client.channel.send(MessageKind::pressure, std::move(WireWriter{}.u8(level)).take());
    if (!client.name.starts_with("sensor")) return; // nobody else judges logins
    for (const auto& login : logins.entries())
        client.channel.send(MessageKind::remembered, login_fields(login));
}

void Recorder::State::farewell(const std::shared_ptr<Client>& client) {
    client->gone = true;
    client->channel.close();
    for (const auto& session : client->recordings)
        recordings->release(session);
    std::erase(clients, client);
    room.cancel();
}

void Recorder::State::handle(const std::shared_ptr<Client>& client, process::Message message) {
    ++messages;
    WireReader fields{message.payload};
    const auto sequence = fields.u64();
    // Only a recording's beginning waits for two disks' answers: its event's and its file's.
    const bool twice = message.kind == MessageKind::recording_open;
    const Ticket ticket{client, client->acknowledgements.take(sequence, twice ? 2 : 1)};
    Result<void> done;
    switch (message.kind) {
    case MessageKind::event: done = handle_event(ticket, fields); break;
    case MessageKind::artifact:
        done = handle_artifact(ticket, fields, std::move(message.descriptor));
        break;
    case MessageKind::recording_open: done = handle_open(ticket, fields); break;
    case MessageKind::recording_data: done = handle_data(ticket, fields); break;
    case MessageKind::recording_close: done = handle_close(ticket, fields); break;
    case MessageKind::remember: done = handle_remember(ticket, fields); break;
    case MessageKind::tried: done = handle_tried(ticket, fields); break;
    default: done = fail(Fault::malformed, "kind of a message");
    }
    if (done) return;
    // What cannot be written must not be sent again for ever.
    ++numbers["malformed"];
    if (around.notice) around.notice("malformed", client->name + ": " + done.error().detail());
    durable(twice ? std::vector{ticket, ticket} : std::vector{ticket});
}

void Recorder::State::write(const event::Event& event, Ticket ticket) {
    ++numbers["events"];
    committer->add(event::frame_line(event::to_json(event)), std::move(ticket));
}

Result<void> Recorder::State::handle_event(Ticket ticket, WireReader& fields) {
    const auto json = fields.bytes();
    if (auto finished = fields.finish(); !finished) return finished;
    TRY(const auto event, admit_event(json, sensor));
    write(event, std::move(ticket));
    return {};
}

Result<void>
Recorder::State::handle_artifact(Ticket ticket, WireReader& fields, process::Descriptor content) {
    const auto json = fields.bytes();
    if (auto finished = fields.finish(); !finished) return finished;
    TRY(auto event, admit_event(json, sensor));
    if (event.eventid() != "file.captured") return fail(Fault::malformed, "event of an artifact");
    keep(std::move(ticket), std::move(event), std::move(content));
    return {};
}

Result<void> Recorder::State::handle_open(Ticket ticket, WireReader& fields) {
    const auto session = fields.bytes();
    const auto json = fields.bytes();
    RecordingHeader header;
    header.width = fields.u32();
    header.height = fields.u32();
    header.term = fields.bytes();
    if (auto finished = fields.finish(); !finished) return finished;
    TRY(auto event, admit_event(json, sensor));
    const auto begun = pressure() >= 2 ? Result<std::string>{fail(Fault::over_limit, "disk_floor")}
                                       : recordings->begin(session, header);
    if (!begun && begun.error().kind() == Fault::malformed) return std::unexpected{begun.error()};
    if (begun) {
        ticket.client->recordings.insert(session);
        event.text("ttylog", *begun);
    } else {
        event.text("reason", begun.error().detail());
    }
    next_round.tickets.push_back(ticket);
    sync_soon();
    write(event, std::move(ticket));
    return {};
}

Result<void> Recorder::State::handle_data(Ticket ticket, WireReader& fields) {
    const auto session = fields.bytes();
    Chunk chunk;
    chunk.index = fields.u32();
    chunk.micros = fields.u64();
    chunk.kind = static_cast<char>(fields.u8());
    chunk.bytes = fields.bytes();
    if (auto finished = fields.finish(); !finished) return finished;
    if (auto added = recordings->add(session, chunk); !added) {
        if (added.error().kind() != Fault::over_limit) return added;
        ++numbers["recording_chunks_left_out"];
    }
    ticket.client->recordings.insert(session);
    next_round.tickets.push_back(std::move(ticket));
    sync_soon();
    return {};
}

Result<void> Recorder::State::handle_close(Ticket ticket, WireReader& fields) {
    const auto session = fields.bytes();
    const auto json = fields.bytes();
    if (auto finished = fields.finish(); !finished) return finished;
    TRY(auto event, admit_event(json, sensor));
    ticket.client->recordings.erase(session);
    if (const auto closed = recordings->end(session)) {
        event.text("ttylog", closed->ttylog);
        event.number("size", static_cast<std::int64_t>(closed->size));
        event.number("duration_ms", static_cast<std::int64_t>(closed->duration_ms));
        event.text("shasum", closed->shasum);
        if (closed->truncated) event.set("truncated", true);
    }
    next_round.events.emplace_back(std::move(event), std::move(ticket));
    sync_soon();
    return {};
}

Result<void> Recorder::State::handle_tried(Ticket ticket, WireReader& fields) {
    const auto source = fields.bytes();
    if (auto finished = fields.finish(); !finished) return finished;
    for (const auto& other : clients)
        if (other != ticket.client && other->name.starts_with("sensor"))
            other->channel.send(MessageKind::tried_elsewhere,
                                std::move(WireWriter{}.bytes(source)).take());
    durable({std::move(ticket)}); // nothing to keep: the try itself is an event
    return {};
}

Result<void> Recorder::State::handle_remember(Ticket ticket, WireReader& fields) {
    RememberedLogin login;
    login.source = fields.bytes();
    login.user = fields.bytes();
    login.password = fields.bytes();
    if (auto finished = fields.finish(); !finished) return finished;
    TRY(const auto line, logins.add(login, around.clock->now()));
    if (!line) {
        durable({std::move(ticket)});
        return {};
    }
    numbers["remembered_logins"] = logins.entries().size();
    for (const auto& other : clients) {
        if (other != ticket.client && other->name.starts_with("sensor"))
            other->channel.send(MessageKind::remembered, login_fields(login));
    }
    committer->remember(*line, std::move(ticket));
    if (logins.wants_compaction()) committer->replace_logins(logins.compacted(around.clock->now()));
    return {};
}

} // namespace skep::recorder
