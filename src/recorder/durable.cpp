// What the disks answer, and what then may be acknowledged.
#include "recorder/recovery.hpp"
#include "recorder/state.hpp"

#include <boost/asio/post.hpp>

#include <set>

namespace skep::recorder {
namespace asio = boost::asio;
using process::MessageKind;

namespace {

constexpr std::chrono::milliseconds sync_gap{100};
constexpr std::chrono::milliseconds sync_retry{1000};

} // namespace

void Recorder::State::durable(std::vector<Ticket> tickets) {
    std::set<std::shared_ptr<Client>> told;
    for (auto& ticket : tickets) {
        ticket.client->acknowledgements.done(ticket.number);
        told.insert(std::move(ticket.client));
    }
    for (const auto& client : told) {
        const auto sequence = client->acknowledgements.advance();
        if (!sequence || client->gone) continue;
        client->channel.send(MessageKind::acknowledged,
                             std::move(WireWriter{}.u64(*sequence)).take());
    }
    room.cancel();
}

void Recorder::State::keep(Ticket ticket, event::Event captured, process::Descriptor content) {
    ++ticket.client->artifacts;
    ++artifacts;
    const bool no_new = pressure() > 0;
    vault_worker.post([this, weak = weak_from_this(), ticket = std::move(ticket),
                       event = std::move(captured), file = std::move(content), no_new]() mutable {
        const std::string session{event.text_of("session")};
        auto outcome = vault->keep(file.get(), session, no_new);
        file.reset();
        const auto bytes = vault->bytes();
        asio::post(io, [weak = std::move(weak), ticket = std::move(ticket),
                        event = std::move(event), outcome = std::move(outcome), bytes]() mutable {
            const auto self = weak.lock();
            if (!self) return;
            self->numbers["vault_bytes"] = bytes;
            self->kept(std::move(ticket), std::move(event), outcome);
        });
    });
}

void Recorder::State::kept(Ticket ticket, event::Event captured, const Result<Kept>& outcome) {
    --ticket.client->artifacts;
    --artifacts;
    if (outcome) {
        ++numbers["artifacts_kept"];
        captured.text("shasum", outcome->shasum);
        captured.text("outfile", outcome->outfile);
        captured.number("size", static_cast<std::int64_t>(outcome->size));
        captured.set("duplicate", outcome->duplicate);
        return write(captured, std::move(ticket));
    }
    ++numbers["artifacts_dropped"];
    event::Event dropped{"file.dropped", captured.time(), captured.id()};
    for (const auto& [name, value] : captured.values())
        dropped.set(name, value);
    dropped.text("reason", outcome.error().detail());
    write(dropped, std::move(ticket));
}

void Recorder::State::sync_soon() {
    if (syncing || sync_waits) return;
    sync_waits = true;
    syncing_at.expires_after(recordings_fail ? sync_retry
                             : stopping      ? std::chrono::milliseconds{0}
                                             : sync_gap);
    syncing_at.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!self) return;
        self->sync_waits = false;
        if (!error) self->sync_recordings();
    });
}

void Recorder::State::sync_recordings() {
    syncing = true;
    auto round = std::exchange(next_round, {});
    auto names = recordings->take_unsynced();
    round.names.insert(round.names.end(), names.begin(), names.end());
    chores.post([this, weak = weak_from_this(), round = std::move(round)]() mutable {
        auto outcome = recordings->sync(round.names);
        asio::post(io, [weak = std::move(weak), round = std::move(round),
                        outcome = std::move(outcome)]() mutable {
            if (const auto self = weak.lock()) self->synced(std::move(round), outcome);
        });
    });
}

void Recorder::State::synced(SyncRound done, const Result<void>& outcome) {
    syncing = false;
    if (outcome) {
        recordings_fail = false;
        for (auto& [event, ticket] : done.events)
            write(event, std::move(ticket));
        durable(std::move(done.tickets));
    } else {
        if (!std::exchange(recordings_fail, true) && around.notice)
            around.notice("recordings", outcome.error().detail());
        const auto move_in_front = [](auto& of, auto& to) {
            of.insert(of.end(), std::make_move_iterator(to.begin()),
                      std::make_move_iterator(to.end()));
            to = std::move(of);
        };
        move_in_front(done.names, next_round.names);
        move_in_front(done.tickets, next_round.tickets);
        move_in_front(done.events, next_round.events);
    }
    if (!next_round.empty()) sync_soon();
}

void Recorder::State::compress(const std::vector<std::string>& segments) {
    uncompressed.insert(uncompressed.end(), segments.begin(), segments.end());
    compress_next();
}

void Recorder::State::compress_next() {
    if (compressing || uncompressed.empty() || stopping) return;
    compressing = true;
    chores.post([this, weak = weak_from_this(), name = uncompressed.front()]() mutable {
        auto outcome = compress_segment(journal_directory.get(), name);
        asio::post(io, [weak = std::move(weak), outcome = std::move(outcome)] {
            const auto self = weak.lock();
            if (!self) return;
            self->compressing = false;
            if (!outcome) {
                // Tried again by the tick; the plain segment serves as well.
                if (self->around.notice) self->around.notice("compress", outcome.error().detail());
                return;
            }
            ++self->numbers["segments_compressed"];
            self->uncompressed.erase(self->uncompressed.begin());
            self->compress_next();
        });
    });
}

} // namespace skep::recorder
