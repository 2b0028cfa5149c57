// Panels of single things: sessions, one session, events, one artifact.
#include "base/ids.hpp"
#include "hub/api/file_kind.hpp"
#include "hub/api/page.hpp"
#include "hub/api/panel.hpp"
#include "hub/store/record.hpp"
#include "hub/store/schema.hpp"

#include <array>

namespace skep::hub::api {
namespace {

namespace json = boost::json;
using store::number;

constexpr Micros hour = 3'600'000'000;
/// A session that reaches into the window lasts at most this long on either side
/// (limits.session_seconds has this maximum).
constexpr Micros session_longest = 7 * 24 * hour;
/// A session that nothing was heard of for this long is over, whatever its records say.
constexpr Micros open_longest = 24 * hour;
constexpr std::int64_t session_events_max = 5000;

/// One row for each session of `events` (an imported log's recordings are not ours), in the order
/// in which `to_session` reads it.
constexpr std::string_view session_aggregates =
    "session, arg_min(protocol, ts) AS protocol, arg_min(src_ip, ts), arg_min(src_port, ts) FILTER "
    "(WHERE eventid = 'session.connect'), min(ts) AS start, max(ts) FILTER (WHERE eventid = "
    "'session.closed'), max(duration_ms) FILTER (WHERE eventid = 'session.closed'), "
    "coalesce(arg_max(username, ts) FILTER (WHERE eventid = 'login.success'), arg_max(username, "
    "ts) "
    "FILTER (WHERE eventid = 'login.failed')), coalesce(arg_max(password, ts) FILTER (WHERE "
    "eventid "
    "= 'login.success'), arg_max(password, ts) FILTER (WHERE eventid = 'login.failed')), count(*) "
    "FILTER (WHERE eventid = 'login.failed'), count(*) FILTER (WHERE eventid = 'command.input'), "
    "count(*) FILTER (WHERE eventid = 'file.captured'), count(*) FILTER (WHERE eventid = "
    "'log.open' AND starts_with(ttylog, 'recordings/')), max(ts), count(*) FILTER (WHERE eventid = "
    "'session.connect')";

json::object to_session(const store::Row& row, Micros now) {
    const bool closed = !std::holds_alternative<std::monostate>(row[5]);
    const bool open = !closed && number(row[14]) != 0 && number(row[13]) > now - open_longest;
    const auto end = closed ? number(row[5]) : number(row[13]);
    const bool told = std::holds_alternative<std::int64_t>(row[6]);
    json::object session{{"session", to_value(row[0])},
                         {"protocol", to_value(row[1])},
                         {"src_ip", to_value(row[2])},
                         {"src_port", to_value(row[3])},
                         {"start", to_time(row[4])},
                         {"username", to_value(row[7])},
                         {"password", to_value(row[8])},
                         {"logins_failed", number(row[9])},
                         {"commands", number(row[10])},
                         {"files", number(row[11])},
                         {"has_recording", number(row[12]) != 0},
                         {"open", open}};
    session["end"] = open ? json::value(nullptr) : json::value(iso8601(end));
    session["duration_ms"] =
        told ? number(row[6]) : (open ? now - number(row[4]) : end - number(row[4])) / 1000;
    return session;
}

std::string session_list(std::string_view condition, std::string_view picked_condition) {
    std::string sql = "WITH picked AS (SELECT session, min(ts) AS first FROM events WHERE ";
    sql += condition;
    sql += " GROUP BY session), page AS (SELECT session, first, (SELECT count(*) FROM picked) AS "
           "total FROM picked WHERE ";
    sql += picked_condition;
    sql += " ORDER BY first DESC, session DESC LIMIT ?), found AS (SELECT ";
    sql += session_aggregates;
    sql +=
        " FROM events WHERE ts >= ? AND ts < ? AND session IN (SELECT session FROM page) GROUP "
        "BY session) SELECT found.*, page.first, page.total FROM found JOIN page USING (session) "
        "ORDER BY page.first DESC, found.session DESC";
    return sql;
}

} // namespace

Result<Response> sessions(store::Connection& store, const Asked& asked) {
    TRY(const auto before, read_cursor(asked.value("before")));
    Conditions filters;
    filters.add_filters(asked);
    Conditions condition;
    condition.between(asked.from, asked.to);
    condition.add("session IS NOT NULL");
    std::vector<store::Parameter> values;
    condition.append_values(values);
    if (!filters.empty()) {
        filters.between(asked.from, asked.to);
        condition.add("session IN (SELECT session FROM events WHERE " + filters.sql() + ")");
        filters.append_values(values);
    }
    std::string_view after_cursor = "TRUE";
    if (before) {
        after_cursor = "(first < ? OR (first = ? AND session < ?))";
        values.insert(values.end(), {before->time, before->time, before->name});
    }
    values.insert(values.end(),
                  {asked.limit, asked.from - session_longest, asked.to + session_longest});
    TRY(const auto rows, store.query(session_list(condition.sql(), after_cursor), values));
    json::array items;
    for (const auto& row : rows)
        items.push_back(to_session(row, asked.now));
    json::object answer;
    answer["items"] = std::move(items);
    answer["total"] = rows.empty() ? 0 : number(rows[0].back());
    answer["next"] = nullptr;
    if (static_cast<std::int64_t>(rows.size()) == asked.limit) {
        const auto& last = rows.back();
        answer["next"] = json::value(to_text(
            {.time = number(last[last.size() - 2]), .name = std::string{store::text(last[0])}}));
    }
    return Response::json(json::serialize(answer));
}

Result<Response> session(store::Connection& store, const Asked& asked) {
    // Our own names carry the time at which they were made.
    const auto made = id_time(asked.name);
    const auto from = made < 0 ? Micros{0} : made - hour;
    const std::array<store::Parameter, 2> which{from, asked.name};
    std::string aggregates = "SELECT ";
    aggregates += session_aggregates;
    aggregates += ", count(*) FROM events WHERE ts >= ? AND session = ? GROUP BY session";
    TRY(const auto found, store.query(aggregates, which));
    if (found.empty()) return Response::error(404, "there is no such session");
    const std::array<store::Parameter, 3> window{from, asked.name, session_events_max};
    TRY(const auto rows, store.query("SELECT " + store::event_columns() +
                                         " FROM events WHERE ts >= ? AND session = ? ORDER BY ts, "
                                         "seq LIMIT ?",
                                     window));
    EventList list{asked.answer_bytes_max};
    for (const auto& row : rows)
        if (!list.add(store::to_json(row))) break;
    auto head = to_session(found[0], asked.now);
    const bool recording = head["has_recording"].as_bool();
    std::string body = R"({"session":)" + json::serialize(head) + R"(,"events":)";
    body += std::move(list).finish();
    body += R"(,"events_total":)" + std::to_string(number(found[0].back()));
    body += recording ? R"(,"recording":true})" : R"(,"recording":false})";
    return Response::json(std::move(body));
}

Result<Response> events(store::Connection& store, const Asked& asked) {
    TRY(const auto before, read_cursor(asked.value("before")));
    Conditions condition;
    condition.between(asked.from, asked.to);
    condition.add_filters(asked);
    auto values = condition.values();
    auto sql = "SELECT " + store::event_columns() + " FROM events WHERE " + condition.sql();
    if (before) {
        sql += " AND (ts < ? OR (ts = ? AND id < ?))";
        values.insert(values.end(), {before->time, before->time, before->name});
    }
    sql += " ORDER BY ts DESC, id DESC LIMIT ?";
    values.emplace_back(asked.limit);
    TRY(const auto rows, store.query(sql, values));
    EventList list{asked.answer_bytes_max};
    std::size_t shown = 0;
    while (shown < rows.size() && list.add(store::to_json(rows[shown])))
        ++shown;
    std::string body = R"({"items":)" + std::move(list).finish() + R"(,"next":)";
    const bool more = shown < rows.size() || static_cast<std::int64_t>(rows.size()) == asked.limit;
    if (more && shown != 0) {
        const auto& last = rows[shown - 1];
        body += json::serialize(json::value(
            to_text({.time = number(last[1]), .name = std::string{store::text(last[2])}})));
    } else {
        body += "null";
    }
    return Response::json(body + "}");
}

Result<Response> artifact(store::Connection& store, const Asked& asked) {
    const std::array<store::Parameter, 1> which{asked.name};
    TRY(const auto total, store.query("SELECT max(size), min(ts), max(ts), count(*) FROM events "
                                      "WHERE eventid = 'file.captured' AND shasum = ?",
                                      which));
    if (number(total[0][3]) == 0) return Response::error(404, "there is no such artifact");
    const std::array<store::Parameter, 3> parameters{asked.name, limit_max, asked.name};
    TRY(const auto rows,
        store.query(
            "WITH seen AS (SELECT ts, src_ip, session, destfile, reason FROM events WHERE "
            "eventid = 'file.captured' AND shasum = ? ORDER BY ts DESC LIMIT ?), logins AS "
            "(SELECT session, arg_max(username, ts) AS username, arg_max(password, ts) AS "
            "password FROM events WHERE eventid = 'login.success' AND session IN (SELECT "
            "session FROM events WHERE eventid = 'file.captured' AND shasum = ?) GROUP BY "
            "session) SELECT ts, src_ip, seen.session, destfile, username, password, reason "
            "FROM seen LEFT JOIN logins USING (session) ORDER BY ts DESC",
            parameters));
    json::array sightings;
    for (const auto& row : rows)
        sightings.push_back({{"timestamp", to_time(row[0])},
                             {"src_ip", to_value(row[1])},
                             {"session", to_value(row[2])},
                             {"destfile", to_value(row[3])},
                             {"username", to_value(row[4])},
                             {"password", to_value(row[5])},
                             {"reason", to_value(row[6])}});
    const auto kind = kind_of_artifact(asked.state_directory, asked.name);
    json::object answer{{"shasum", asked.name},
                        {"size", to_value(total[0][0])},
                        {"kind", kind},
                        {"kept", !kind.empty()},
                        {"first_seen", to_time(total[0][1])},
                        {"last_seen", to_time(total[0][2])},
                        {"count", number(total[0][3])}};
    answer["sightings"] = std::move(sightings);
    return Response::json(json::serialize(answer));
}

} // namespace skep::hub::api
