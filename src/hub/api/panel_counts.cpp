// Panels that count: summary, timeline, sources.
#include "hub/api/panel.hpp"

#include <algorithm>
#include <array>

namespace skep::hub::api {
namespace {

namespace json = boost::json;
using store::number;

constexpr Micros second = 1'000'000;
constexpr Micros hour = 3600 * second;

/// Widths of a bar that people can read, in seconds.
constexpr std::array<std::int64_t, 22> bucket_widths{
    1,    2,    5,     10,    15,    30,    60,     120,    300,     600,     900,
    1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 31536000};

std::int64_t bucket_width(Micros span, std::int64_t buckets) {
    const auto least = (span + buckets * second - 1) / (buckets * second);
    const auto* found = std::ranges::lower_bound(bucket_widths, least);
    return found == bucket_widths.end() ? least : *found;
}

} // namespace

Result<Response> summary(store::Connection& store, const Asked& asked) {
    const std::array<store::Parameter, 2> window{asked.from, asked.to};
    TRY(const auto rows,
        store.query("SELECT count(*), count(DISTINCT session), count(DISTINCT src_ip), "
                    "count(*) FILTER (WHERE eventid = 'login.failed'), "
                    "count(*) FILTER (WHERE eventid = 'login.success'), "
                    "count(*) FILTER (WHERE eventid = 'command.input'), "
                    "count(*) FILTER (WHERE eventid = 'file.captured'), "
                    "count(DISTINCT shasum) FILTER (WHERE eventid = 'file.captured'), "
                    "min(ts), max(ts) FROM events WHERE ts >= ? AND ts < ?",
                    window));
    const std::array<store::Parameter, 1> last_hour{asked.now - hour};
    TRY(const auto recent,
        store.query("SELECT count(DISTINCT src_ip) FROM events WHERE ts >= ?", last_hour));
    const auto& row = rows[0];
    const json::object answer{
        {"from", iso8601(asked.from)},      {"to", iso8601(asked.to)},
        {"events", number(row[0])},         {"sessions", number(row[1])},
        {"sources", number(row[2])},        {"sources_60m", number(recent[0][0])},
        {"logins_failed", number(row[3])},  {"logins_success", number(row[4])},
        {"commands", number(row[5])},       {"files_captured", number(row[6])},
        {"files_distinct", number(row[7])}, {"first_event", to_time(row[8])},
        {"last_event", to_time(row[9])},    {"pressure", asked.pressure}};
    return Response::json(json::serialize(answer));
}

Result<Response> timeline(store::Connection& store, const Asked& asked) {
    constexpr std::int64_t buckets_default = 60;
    TRY(const auto buckets, read_number(asked, "buckets", buckets_default, {1, limit_max}));
    // `from=0` means everything there is: the bars begin where the events do.
    const std::array<store::Parameter, 2> window{asked.from, asked.to};
    TRY(const auto first,
        store.query("SELECT min(ts) FROM events WHERE ts >= ? AND ts < ?", window));
    auto from = asked.from;
    if (const auto* earliest = std::get_if<std::int64_t>(&first[0][0]);
        earliest != nullptr && asked.from <= 0)
        from = *earliest;
    if (asked.from <= 0 && std::holds_alternative<std::monostate>(first[0][0]))
        from = std::max<Micros>(asked.from, asked.to - hour);
    const auto width = bucket_width(asked.to - from, buckets);
    const auto width_micros = width * second;
    const auto start = from - from % width_micros;
    const std::array<store::Parameter, 4> parameters{start, width_micros, from, asked.to};
    TRY(const auto rows,
        store.query("SELECT (ts - ?) // ? AS bucket, count(*), count(DISTINCT src_ip), "
                    "count(DISTINCT session) FROM events WHERE ts >= ? AND ts < ? "
                    "GROUP BY bucket ORDER BY bucket",
                    parameters));
    json::array bars;
    auto row = rows.begin();
    for (std::int64_t i = 0; start + i * width_micros < asked.to; ++i) {
        const bool any = row != rows.end() && number((*row)[0]) == i;
        bars.push_back({{"time", iso8601(start + i * width_micros)},
                        {"events", any ? number((*row)[1]) : 0},
                        {"sources", any ? number((*row)[2]) : 0},
                        {"sessions", any ? number((*row)[3]) : 0}});
        if (any) ++row;
    }
    json::object answer;
    answer["bucket_seconds"] = width;
    answer["buckets"] = std::move(bars);
    return Response::json(json::serialize(answer));
}

Result<Response> sources(store::Connection& store, const Asked& asked) {
    const std::array<store::Parameter, 3> parameters{asked.from, asked.to, asked.limit};
    TRY(const auto rows, store.query("SELECT src_ip, count(*) AS n, count(DISTINCT session), "
                                     "count(*) FILTER (WHERE eventid = 'login.failed'), "
                                     "count(*) FILTER (WHERE eventid = 'login.success'), "
                                     "count(*) FILTER (WHERE eventid = 'command.input'), "
                                     "count(*) FILTER (WHERE eventid = 'file.captured'), "
                                     "min(ts), max(ts), count(*) OVER () FROM events "
                                     "WHERE ts >= ? AND ts < ? AND src_ip IS NOT NULL "
                                     "GROUP BY src_ip ORDER BY n DESC, src_ip LIMIT ?",
                                     parameters));
    Items items{asked.answer_bytes_max};
    for (const auto& row : rows)
        items.add({{"src_ip", to_value(row[0])},
                   {"events", number(row[1])},
                   {"sessions", number(row[2])},
                   {"logins_failed", number(row[3])},
                   {"logins_success", number(row[4])},
                   {"commands", number(row[5])},
                   {"files", number(row[6])},
                   {"first_seen", to_time(row[7])},
                   {"last_seen", to_time(row[8])}});
    return Response::json(std::move(items).finish(rows.empty() ? 0 : number(rows[0][9])));
}

} // namespace skep::hub::api
