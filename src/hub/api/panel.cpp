#include "hub/api/panel.hpp"

#include "base/bytes.hpp"
#include "hub/api/target.hpp"

#include <charconv>

namespace skep::hub::api {
namespace {

constexpr Micros day = 86'400'000'000;
constexpr std::size_t eventids_max = 64;

/// Texts that `q` looks through.
constexpr std::string_view any_text_contains =
    "(contains(lower(input), lower(?)) OR contains(lower(username), lower(?)) OR "
    "contains(lower(password), lower(?)) OR contains(lower(path), lower(?)) OR "
    "contains(lower(url), lower(?)) OR contains(lower(destfile), lower(?)) OR "
    "contains(lower(version), lower(?)) OR contains(lower(value), lower(?)) OR "
    "contains(src_ip, ?) OR contains(session, ?) OR contains(shasum, ?) OR contains(hassh, ?) OR "
    "contains(lower(extra), lower(?)))";
constexpr int any_text_values = 13;

struct Exact {
    std::string_view parameter;
    std::string_view sql;
};

/// An empty value means that the parameter was not given.
constexpr std::array exact_filters{Exact{"src_ip", "src_ip = ?"}, Exact{"session", "session = ?"},
                                   Exact{"protocol", "protocol = ?"},
                                   Exact{"shasum", "shasum = ?"}};

/// The empty value is one that attackers try, so it counts if the parameter is there; it is then
/// also that of a login without one, as the credentials panel counts it.
struct Tried {
    std::string_view parameter;
    std::string_view sql;
    std::string_view empty_sql;
};

constexpr std::array tried_filters{
    Tried{"username", "username = ?",
          "coalesce(username, '') = '' AND eventid IN ('login.failed', 'login.success')"},
    Tried{"password", "password = ?",
          "coalesce(password, '') = '' AND eventid IN ('login.failed', 'login.success')"},
    Tried{"input", "input = ?", "coalesce(input, '') = '' AND eventid = 'command.input'"}};

} // namespace

std::string_view Asked::value(std::string_view parameter) const {
    const auto found = query.find(parameter);
    return found == query.end() ? std::string_view{} : std::string_view{found->second};
}

Result<Asked> read_common(Parameters query, Micros now) {
    Asked asked;
    asked.query = std::move(query);
    // The store holds UTF-8 only: bytes that are none are looked for as they are shown.
    for (auto& [name, value] : asked.query)
        if (!is_utf8(value)) value = to_utf8(value);
    asked.now = now;
    asked.from = now - day;
    asked.to = now;
    if (const auto from = asked.value("from"); !from.empty()) {
        TRY(asked.from, parse_time(from, now));
    }
    if (const auto to = asked.value("to"); !to.empty()) {
        TRY(asked.to, parse_time(to, now));
    }
    if (asked.from > asked.to) return fail(Fault::malformed, "`from` is after `to`");
    TRY(asked.limit, read_number(asked, "limit", limit_default, {1, limit_max}));
    const auto by = asked.value("by");
    if (!by.empty() && by != "events" && by != "sources")
        return fail(Fault::malformed, "`by` is events or sources");
    asked.by_sources = by == "sources";
    return asked;
}

Result<std::int64_t> read_number(const Asked& asked,
                                 std::string_view parameter,
                                 std::int64_t otherwise,
                                 std::pair<std::int64_t, std::int64_t> range) {
    const auto text = asked.value(parameter);
    if (text.empty()) return otherwise;
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size() || value < range.first ||
        value > range.second)
        return fail(Fault::malformed, "`" + std::string{parameter} + "` is a number from " +
                                          std::to_string(range.first) + " to " +
                                          std::to_string(range.second));
    return value;
}

void Conditions::add(std::string_view sql) {
    if (!sql_.empty()) sql_ += " AND ";
    sql_ += sql;
}

void Conditions::add(std::string_view sql, store::Parameter value) {
    add(sql);
    values_.push_back(std::move(value));
}

void Conditions::between(Micros from, Micros to) {
    add("ts >= ?", from);
    add("ts < ?", to);
}

void Conditions::add_eventids(std::string_view list) {
    std::string any;
    std::size_t count = 0;
    while (!list.empty() && count < eventids_max) {
        const auto comma = list.find(',');
        auto word = list.substr(0, comma);
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
        if (word.empty()) continue;
        ++count;
        const bool prefix = word.ends_with('*');
        if (prefix) word.remove_suffix(1);
        any += any.empty() ? "(" : " OR ";
        any += prefix ? "starts_with(eventid, ?)" : "eventid = ?";
        values_.emplace_back(std::string{word});
    }
    if (!any.empty()) add(any + ")");
}

void Conditions::add_filters(const Asked& asked) {
    for (const auto& filter : exact_filters)
        if (const auto value = asked.value(filter.parameter); !value.empty())
            add(filter.sql, std::string{value});
    for (const auto& filter : tried_filters) {
        const auto found = asked.query.find(filter.parameter);
        if (found == asked.query.end()) continue;
        if (found->second.empty())
            add(filter.empty_sql);
        else
            add(filter.sql, found->second);
    }
    add_eventids(asked.value("eventid"));
    if (const auto part = asked.value("q"); !part.empty()) {
        add(any_text_contains);
        values_.insert(values_.end(), any_text_values, std::string{part});
    }
}

std::string Conditions::sql() const {
    return sql_.empty() ? "TRUE" : sql_;
}

void Conditions::append_values(std::vector<store::Parameter>& to) const {
    to.insert(to.end(), values_.begin(), values_.end());
}

boost::json::value to_value(const store::Cell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell)) return boost::json::value(*text);
    if (const auto* number = std::get_if<std::int64_t>(&cell)) return *number;
    if (const auto* flag = std::get_if<bool>(&cell)) return *flag;
    if (const auto* real = std::get_if<double>(&cell)) return *real;
    return nullptr;
}

boost::json::value to_time(const store::Cell& cell) {
    const auto* time = std::get_if<std::int64_t>(&cell);
    if (time == nullptr) return nullptr;
    return boost::json::value(iso8601(*time));
}

void Items::add(boost::json::object item) {
    if (cut_) return;
    const auto bytes = boost::json::serialize(item).size();
    if (bytes > bytes_left_) {
        cut_ = true;
        return;
    }
    bytes_left_ -= bytes;
    items_.emplace_back(std::move(item));
}

std::string Items::finish(std::int64_t total) && {
    boost::json::object answer;
    answer["items"] = std::move(items_);
    answer["total"] = total;
    if (cut_) answer["cut"] = true;
    return boost::json::serialize(answer);
}

} // namespace skep::hub::api
