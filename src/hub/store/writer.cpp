// At least once in, exactly once stored: an event that comes again has the same id and the same
// time, so only rows of the batch's own time span can be its twin. What is newer than all that is
// no longer remembered, which is the rule, needs no look-up.
#include "hub/store/store.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace skep::hub::store {

namespace {

constexpr std::size_t recent_max = 16384; // 2 MB

} // namespace

void RecentIds::add(const std::string& id, Micros time) {
    order_.emplace_back(time, &*ids_.insert(id).first);
    if (order_.size() <= recent_max) return;
    horizon = std::max(horizon, order_.front().first);
    ids_.erase(*order_.front().second);
    order_.pop_front();
}

Result<Writer> Writer::make(Connection connection) {
    Writer writer{std::move(connection)};
    TRY(const auto last, writer.connection_.query("SELECT max(seq), max(ts) FROM events"));
    writer.seq_ = number(last[0][0]);
    if (const auto* newest = std::get_if<std::int64_t>(&last[0][1]))
        writer.recent_.horizon = *newest;
    return writer;
}

/// Gives each record that is neither in the store nor earlier in the batch its seq.
Result<void> Writer::mark_new(std::span<Record> records) {
    std::vector<std::string> old;
    Micros first = INT64_MAX;
    Micros last = INT64_MIN;
    for (const auto& record : records) {
        if (record.time > recent_.horizon) continue;
        old.push_back(record.id);
        first = std::min(first, record.time);
        last = std::max(last, record.time);
    }
    std::unordered_set<std::string> known;
    if (!old.empty()) {
        const std::array<Parameter, 3> parameters{first, last, std::move(old)};
        TRY(auto rows, connection_.query("SELECT id FROM events WHERE ts BETWEEN ? AND ? AND id IN "
                                         "(SELECT unnest(?))",
                                         parameters));
        for (auto& row : rows)
            known.emplace(text(row[0]));
    }
    auto next = seq_;
    for (auto& record : records)
        record.seq = !recent_.contains(record.id) && known.insert(record.id).second ? ++next : 0;
    return {};
}

Result<void> Writer::append(std::span<Record> records) {
    TRY(auto appender, connection_.append_to("events"));
    for (const auto& record : records) {
        if (record.seq == 0) continue;
        appender.add(record.seq);
        appender.add(record.time);
        appender.add(std::string_view{record.id});
        appender.add(std::string_view{record.eventid});
        for (const auto& value : record.values)
            appender.add(value);
        appender.add(record.extra);
        appender.end_row();
    }
    return appender.finish();
}

Result<void> Writer::save(const std::string& part, const Progress& progress) {
    const std::array<Parameter, 6> values{progress.segment, progress.position, progress.lines,
                                          progress.added,   progress.complete, part};
    TRY(const auto changed,
        connection_.query("UPDATE parts SET segment = ?, position = ?, lines = ?, added = ?, "
                          "complete = ? WHERE part = ?",
                          values));
    if (!changed.empty() && number(changed[0][0]) != 0) return {};
    return connection_.run("INSERT INTO parts (segment, position, lines, added, complete, part) "
                           "VALUES (?, ?, ?, ?, ?, ?)",
                           values);
}

Result<std::size_t>
Writer::add(std::span<Record> records, const std::string& part, Progress& progress) {
    if (!records.empty())
        if (auto marked = mark_new(records); !marked) return std::unexpected{marked.error()};
    const auto added =
        std::ranges::count_if(records, [](const Record& record) { return record.seq != 0; });
    auto after = progress;
    after.lines += static_cast<std::int64_t>(records.size());
    after.added += added;
    auto done = connection_.run("BEGIN");
    if (done && added != 0) done = append(records);
    if (done) done = save(part, after);
    if (done) done = connection_.run("COMMIT");
    if (!done) {
        // If this fails too, the transaction is gone with the connection.
        [[maybe_unused]] const auto undone = connection_.run("ROLLBACK");
        return std::unexpected{done.error()};
    }
    progress = std::move(after);
    for (const auto& record : records) {
        if (record.seq == 0) continue;
        seq_ = std::max(seq_, record.seq);
        recent_.add(record.id, record.time);
    }
    return static_cast<std::size_t>(added);
}

std::map<std::string, Progress> Writer::progress() {
    std::map<std::string, Progress> parts;
    const auto rows =
        connection_.query("SELECT part, segment, position, lines, added, complete FROM parts");
    if (!rows) return parts;
    for (const auto& row : *rows) {
        const auto* complete = std::get_if<bool>(&row[5]);
        parts[std::string{text(row[0])}] = {.segment = std::string{text(row[1])},
                                            .position = number(row[2]),
                                            .lines = number(row[3]),
                                            .added = number(row[4]),
                                            .complete = complete != nullptr && *complete};
    }
    return parts;
}

} // namespace skep::hub::store
