// Panels of what attackers used: credentials, commands, files, client identifiers.
#include "hub/api/file_kind.hpp"
#include "hub/api/panel.hpp"

#include <array>

namespace skep::hub::api {
namespace {

using store::number;

/// All three are literals of ours, whatever is asked.
std::string ordered(std::string_view body, std::string_view order, std::string_view rest = "") {
    std::string sql{body};
    sql += " ORDER BY ";
    sql += order;
    sql += " LIMIT ?";
    sql += rest;
    return sql;
}

std::int64_t total_of(const std::vector<store::Row>& rows) {
    return rows.empty() ? 0 : number(rows[0].back());
}

} // namespace

Result<Response> credentials(store::Connection& store, const Asked& asked) {
    const auto outcome = asked.value("outcome");
    if (!outcome.empty() && outcome != "all" && outcome != "failed" && outcome != "success")
        return fail(Fault::malformed, "`outcome` is failed, success or all");
    const bool failed = outcome != "success";
    const bool success = outcome != "failed";
    constexpr std::string_view body =
        "SELECT coalesce(username, '') AS u, coalesce(password, '') AS p, "
        "count(*) FILTER (WHERE eventid = 'login.failed'), "
        "count(*) FILTER (WHERE eventid = 'login.success'), "
        "count(DISTINCT src_ip) AS sources, max(ts), count(*) AS n, count(*) OVER () FROM events "
        "WHERE ts >= ? AND ts < ? AND ((? AND eventid = 'login.failed') OR (? AND eventid = "
        "'login.success')) GROUP BY u, p";
    const auto sql = ordered(body, asked.by_sources ? "sources DESC, n DESC, u, p"
                                                    : "n DESC, sources DESC, u, p");
    const std::array<store::Parameter, 5> parameters{asked.from, asked.to, failed, success,
                                                     asked.limit};
    TRY(const auto rows, store.query(sql, parameters));
    Items items{asked.answer_bytes_max};
    for (const auto& row : rows)
        items.add({{"username", to_value(row[0])},
                   {"password", to_value(row[1])},
                   {"failed", number(row[2])},
                   {"success", number(row[3])},
                   {"sources", number(row[4])},
                   {"last_seen", to_time(row[5])}});
    return Response::json(std::move(items).finish(total_of(rows)));
}

Result<Response> commands(store::Connection& store, const Asked& asked) {
    constexpr std::string_view body =
        "SELECT coalesce(input, '') AS line, count(*) AS n, count(DISTINCT src_ip) AS sources, "
        "max(ts), count(*) OVER () FROM events WHERE ts >= ? AND ts < ? AND eventid = "
        "'command.input' GROUP BY line";
    const auto sql = ordered(body, asked.by_sources ? "sources DESC, n DESC, line"
                                                    : "n DESC, sources DESC, line");
    const std::array<store::Parameter, 3> parameters{asked.from, asked.to, asked.limit};
    TRY(const auto rows, store.query(sql, parameters));
    Items items{asked.answer_bytes_max};
    for (const auto& row : rows)
        items.add({{"input", to_value(row[0])},
                   {"count", number(row[1])},
                   {"sources", number(row[2])},
                   {"last_seen", to_time(row[3])}});
    return Response::json(std::move(items).finish(total_of(rows)));
}

Result<Response> files(store::Connection& store, const Asked& asked) {
    // Newest first, or by sources. The login is that of the session that brought the file last.
    // The login is that of the session that brought the file last.
    constexpr std::string_view body =
        "WITH caught AS (SELECT shasum, max(size) AS size, count(*) AS n, count(DISTINCT src_ip) "
        "AS "
        "sources, arg_max(coalesce(destfile, ''), ts) AS destfile, arg_max(src_ip, ts) AS src_ip, "
        "arg_max(session, ts) AS session, min(ts) AS first_seen, max(ts) AS last_seen, count(*) "
        "OVER () AS total FROM events WHERE ts >= ? AND ts < ? AND eventid = 'file.captured' AND "
        "shasum IS NOT NULL GROUP BY shasum";
    constexpr std::string_view with_login =
        "), logins AS (SELECT session, arg_max(username, ts) AS username, arg_max(password, ts) AS "
        "password FROM events WHERE eventid = 'login.success' AND session IN (SELECT session FROM "
        "caught) GROUP BY session) "
        "SELECT caught.shasum, size, n, sources, destfile, username, password, src_ip, "
        "caught.session, first_seen, last_seen, total FROM caught LEFT JOIN logins USING (session) "
        "ORDER BY ";
    const std::string_view order =
        asked.by_sources ? "sources DESC, n DESC, shasum" : "last_seen DESC, shasum";
    const auto sql = ordered(body, order, std::string{with_login} + std::string{order});
    const std::array<store::Parameter, 3> parameters{asked.from, asked.to, asked.limit};
    TRY(const auto rows, store.query(sql, parameters));
    Items items{asked.answer_bytes_max};
    for (const auto& row : rows)
        items.add({{"shasum", to_value(row[0])},
                   {"size", to_value(row[1])},
                   {"count", number(row[2])},
                   {"sources", number(row[3])},
                   {"destfile", to_value(row[4])},
                   {"username", to_value(row[5])},
                   {"password", to_value(row[6])},
                   {"src_ip", to_value(row[7])},
                   {"session", to_value(row[8])},
                   {"first_seen", to_time(row[9])},
                   {"last_seen", to_time(row[10])},
                   {"kind", kind_of_artifact(asked.state_directory, store::text(row[0]))}});
    return Response::json(std::move(items).finish(total_of(rows)));
}

Result<Response> clients(store::Connection& store, const Asked& asked) {
    constexpr std::string_view body =
        "WITH seen AS (SELECT ts, src_ip, CASE WHEN eventid = 'client.version' THEN 'version' WHEN "
        "eventid = 'client.fingerprint' THEN 'fingerprint' WHEN hassh IS NOT NULL THEN 'hassh' "
        "ELSE "
        "'term' END AS kind, CASE WHEN eventid = 'client.version' THEN version WHEN eventid = "
        "'client.fingerprint' THEN fingerprint WHEN hassh IS NOT NULL THEN hassh ELSE value END AS "
        "value FROM events WHERE ts >= ? AND ts < ? AND (eventid IN ('client.version', "
        "'client.fingerprint') OR hassh IS NOT NULL OR (eventid = 'client.var' AND name = "
        "'TERM'))) "
        "SELECT kind, value, count(*) AS n, count(DISTINCT src_ip) AS sources, min(ts), max(ts), "
        "count(*) OVER () FROM seen WHERE value IS NOT NULL GROUP BY kind, value";
    const auto sql = ordered(body, asked.by_sources ? "sources DESC, n DESC, kind, value"
                                                    : "n DESC, sources DESC, kind, value");
    const std::array<store::Parameter, 3> parameters{asked.from, asked.to, asked.limit};
    TRY(const auto rows, store.query(sql, parameters));
    Items items{asked.answer_bytes_max};
    for (const auto& row : rows)
        items.add({{"kind", to_value(row[0])},
                   {"value", to_value(row[1])},
                   {"count", number(row[2])},
                   {"sources", number(row[3])},
                   {"first_seen", to_time(row[4])},
                   {"last_seen", to_time(row[5])}});
    return Response::json(std::move(items).finish(total_of(rows)));
}

} // namespace skep::hub::api
