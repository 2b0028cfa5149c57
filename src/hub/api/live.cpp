// The live feed (server-sent events, HTML living standard section 9.2). A client is a position in
// the order of arrival: first it reads what it has missed from the store, page by page, then the
// window of newest events. Whoever falls out of that window later is too slow and is dropped; its
// browser comes back with Last-Event-ID.
#include "base/ids.hpp"
#include "hub/api/server_state.hpp"
#include "hub/store/record.hpp"
#include "hub/store/schema.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace skep::hub::api {
namespace {

constexpr std::int64_t page_events = 500;
constexpr Micros live_age_max = 3'600'000'000; ///< What is older is history, not news.
constexpr Micros clock_slack = 1'000'000;

/// An id as a line of the feed; nothing for one that would break out of it.
std::string id_line(std::string_view id) {
    const bool plain = std::ranges::all_of(id, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-';
    });
    return plain ? "id: " + std::string{id} + "\n" : std::string{};
}

std::string message(const LiveEvent& event) {
    // JSON text holds no line end: they are escaped in its strings.
    return id_line(event.id) + "data: " + event.json + "\n\n";
}

/// Result<Response> only because the query pool's jobs have that form: the body is the number.
Result<Response> find_seq(store::Connection& store, const std::string& id) {
    const auto made = id_time(id);
    const std::array<store::Parameter, 2> which{made < 0 ? Micros{0} : made - clock_slack, id};
    TRY(const auto rows, store.query("SELECT seq FROM events WHERE ts >= ? AND id = ?", which));
    return Response::json(rows.empty() ? "" : std::to_string(store::number(rows[0][0])));
}

Result<Response>
read_page(store::Connection& store, std::int64_t seq, Micros oldest, std::vector<LiveEvent>& into) {
    const std::array<store::Parameter, 3> which{seq, oldest, page_events};
    TRY(const auto rows,
        store.query("SELECT " + store::event_columns() +
                        " FROM events WHERE seq > ? AND ts >= ? ORDER BY seq LIMIT ?",
                    which));
    for (const auto& row : rows)
        into.push_back({.seq = store::number(row[0]),
                        .id = std::string{store::text(row[2])},
                        .json = store::to_json(row)});
    return Response{};
}

/// Where the client goes on; the end of the feed if it does not say or its event is unknown.
Task<std::int64_t> start_of(Server::State& state, const Request& request) {
    std::string id = request.last_event_id;
    if (const auto after = request.query.find("after"); id.empty() && after != request.query.end())
        id = after->second;
    if (id.empty()) co_return state.feed.last_seq();
    std::move_only_function<Result<Response>(store::Connection&)> job =
        [id](store::Connection& store) { return find_seq(store, id); };
    auto found = co_await state.service.ask(std::move(job));
    if (!found || found->body.empty()) co_return state.feed.last_seq();
    co_return std::stoll(found->body);
}

/// Sends what the store has behind `seq`. False if the client is gone.
Task<bool> catch_up(Server::State& state, std::int64_t& seq, ClientWriter& out) {
    while (!state.feed.after(seq, 0)) {
        const auto oldest = system_clock().now() - live_age_max;
        auto page = std::make_shared<std::vector<LiveEvent>>(); // shared with the pool's thread
        std::move_only_function<Result<Response>(store::Connection&)> job =
            [seq, oldest, page](store::Connection& store) {
                return read_page(store, seq, oldest, *page);
            };
        const auto read = co_await state.service.ask(std::move(job));
        if (!read) co_return false;
        if (page->empty()) seq = std::max(seq, state.feed.lost_up_to());
        for (const auto& event : *page) {
            const auto text = message(event);
            const bool sent = co_await out.write(text);
            if (!sent) co_return false;
            seq = event.seq;
        }
    }
    co_return true;
}

/// A feed is in the list of those to wake for as long as it runs, however it ends.
class Registered {
  public:
    Registered(std::shared_ptr<Server::State> state, Waiting& waiting)
        : state_{std::move(state)}, waiting_{&waiting} {
        state_->waiting.insert(waiting_);
    }

    ~Registered() { state_->waiting.erase(waiting_); }

    Registered(const Registered&) = delete;
    Registered& operator=(const Registered&) = delete;

  private:
    std::shared_ptr<Server::State> state_;
    Waiting* waiting_;
};

} // namespace

Task<void>
serve_live(std::shared_ptr<Server::State> state, const Request& request, ClientWriter& out) {
    constexpr std::size_t batch = 100;
    auto seq = co_await start_of(*state, request);
    const bool ready = co_await catch_up(*state, seq, out);
    if (!ready) co_return;
    Waiting waiting;
    const Registered registered{state, waiting};
    for (;;) {
        if (!state->service.is_logged_in(request)) co_return;
        const auto events = state->feed.after(seq, batch);
        if (!events) co_return;
        std::string text;
        for (const auto& event : *events) {
            text += message(event);
            seq = event.seq;
        }
        if (!text.empty()) {
            const bool sent = co_await out.write(text);
            if (!sent) co_return;
            continue;
        }
        const auto before = state->feed.last_seq();
        co_await out.pause(waiting, state->limits.heartbeat);
        if (state->feed.last_seq() != before) continue;
        const bool alive = co_await out.write(":\n\n");
        if (!alive) co_return;
    }
}

} // namespace skep::hub::api
