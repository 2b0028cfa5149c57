#include "recorder/committer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <optional>

namespace skep::recorder {
namespace asio = boost::asio;

namespace {

/// A batch this large is written without waiting for the gap.
constexpr std::size_t urgent_bytes = std::size_t{1} << 20;

struct Batch {
    std::string lines;
    std::optional<std::string> all_logins; ///< Replaces the file.
    std::string logins;
    std::vector<Ticket> tickets;
    bool logins_done = false;

    bool empty() const { return lines.empty() && logins.empty() && !all_logins; }

    std::size_t bytes() const { return lines.size() + logins.size(); }
};

} // namespace

struct Committer::State : std::enable_shared_from_this<State> {
    State(asio::io_context& loop, Journal events, AuthFile memory, CommitOptions wanted)
        : io{loop}, journal{std::move(events)}, logins{std::move(memory)}, options{wanted},
          timer{loop} {}

    asio::io_context& io;
    Journal journal; ///< Touched by the worker only.
    AuthFile logins; ///< Likewise.
    CommitOptions options;
    asio::steady_timer timer;
    Committer* owner = nullptr;
    Batch batch;
    std::size_t bytes_in_flight = 0;
    bool in_flight = false;
    bool waiting = false;
    bool failing = false;
    std::uint64_t commits = 0;
    asio::steady_timer::time_point next;
    Worker worker; // last: its end waits for jobs that use what is above

    void begin() {
        if (in_flight || waiting || batch.empty()) return;
        if (batch.bytes() < urgent_bytes && asio::steady_timer::clock_type::now() < next)
            return begin_at(next);
        next = asio::steady_timer::clock_type::now() + options.gap;
        run(std::exchange(batch, {}));
    }

    void begin_at(asio::steady_timer::time_point time) {
        waiting = true;
        timer.expires_at(time);
        timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
            self->waiting = false;
            if (!error) self->begin();
        });
    }

    void run(Batch taken) {
        in_flight = true;
        bytes_in_flight = taken.bytes();
        worker.post([this, self = weak_from_this(), work = std::move(taken)]() mutable {
            auto done = write(work);
            auto closed = journal.take_closed();
            asio::post(io, [self = std::move(self), work = std::move(work), done = std::move(done),
                            closed = std::move(closed)]() mutable {
                if (auto state = self.lock())
                    state->finish(std::move(work), done, std::move(closed));
            });
        });
    }

    /// On the worker.
    Result<void> write(Batch& work) {
        if (!work.logins_done) {
            // Replacing may be repeated; appending writes the same bytes at the same place.
            if (work.all_logins) {
                if (auto replaced = logins.replace(*work.all_logins); !replaced) return replaced;
                work.all_logins.reset();
            }
            if (auto added = logins.append(options.calls, work.logins); !added) return added;
            work.logins_done = true;
        }
        return journal.append(work.lines);
    }

    void finish(Batch work, const Result<void>& done, std::vector<std::string> closed) {
        if (owner == nullptr) return;
        if (!closed.empty()) owner->on_closed(std::move(closed));
        if (!done) return try_again(std::move(work), done.error());
        if (std::exchange(failing, false)) owner->on_fault({});
        in_flight = false;
        bytes_in_flight = 0;
        ++commits;
        owner->on_durable(std::move(work.tickets));
        begin();
    }

    void try_again(Batch work, const Error& error) {
        if (!std::exchange(failing, true)) owner->on_fault(error.detail());
        timer.expires_after(options.retry_after);
        timer.async_wait([self = shared_from_this(), again = std::move(work)](
                             const boost::system::error_code& cancelled) mutable {
            if (!cancelled) self->run(std::move(again));
        });
    }
};

Committer::Committer(asio::io_context& io, Journal journal, AuthFile logins, CommitOptions options)
    : state_{std::make_shared<State>(io, std::move(journal), std::move(logins), options)} {
    state_->owner = this;
}

Committer::~Committer() {
    state_->owner = nullptr;
    state_->timer.cancel();
}

void Committer::start() {
    state_->worker.start();
}

void Committer::add(std::string_view line, Ticket ticket) {
    state_->batch.lines += line;
    if (ticket.client) state_->batch.tickets.push_back(std::move(ticket));
    state_->begin();
}

void Committer::remember(std::string_view line, Ticket ticket) {
    state_->batch.logins += line;
    if (ticket.client) state_->batch.tickets.push_back(std::move(ticket));
    state_->begin();
}

void Committer::replace_logins(std::string lines) {
    // What waits to be appended is in these lines already, or was forgotten.
    state_->batch.logins.clear();
    state_->batch.all_logins = std::move(lines);
    state_->begin();
}

void Committer::rotate() {
    // In flight or failing: the next append looks itself.
    if (state_->in_flight) return;
    state_->worker.post([state = state_.get(), self = std::weak_ptr{state_}]() mutable {
        state->journal.rotate_if_due();
        auto closed = state->journal.take_closed();
        if (closed.empty()) return;
        asio::post(state->io, [self = std::move(self), closed = std::move(closed)]() mutable {
            const auto alive = self.lock();
            if (alive && alive->owner != nullptr) alive->owner->on_closed(std::move(closed));
        });
    });
}

std::size_t Committer::pending_bytes() const noexcept {
    return state_->batch.bytes() + state_->bytes_in_flight;
}

bool Committer::is_idle() const noexcept {
    return !state_->in_flight && state_->batch.empty();
}

std::uint64_t Committer::commits() const noexcept {
    return state_->commits;
}

} // namespace skep::recorder
