#include "hub/store/record.hpp"

#include "base/bytes.hpp"
#include "hub/store/schema.hpp"

#include <algorithm>
#include <optional>

namespace skep::hub::store {
namespace {

constexpr std::size_t head_cells = 4; ///< seq, ts, id, eventid

std::optional<std::size_t> column_of(std::string_view name) {
    const auto all = columns();
    const auto found = std::ranges::find(all, name, &Column::name);
    if (found == all.end()) return std::nullopt;
    return static_cast<std::size_t>(found - all.begin());
}

/// The members behind `id`, `eventid` and `timestamp` as an object of their own.
Cell members(const event::Event& rest) {
    if (rest.values().empty()) return {};
    static const std::size_t head = event::to_json(event::Event{"", 0, ""}).size();
    // `{"id":"",...,"timestamp":"..."` is one shorter than the whole empty event; then a comma.
    return "{" + event::to_json(rest).substr(head);
}

} // namespace

Record to_record(const event::Event& event) {
    Record record;
    record.time = event.time();
    record.id = to_utf8(event.id());
    record.eventid = to_utf8(event.eventid());
    record.values.resize(columns().size());
    event::Event rest{"", 0, ""};
    for (const auto& [name, value] : event.values()) {
        const auto column = column_of(name);
        const auto* words = std::get_if<std::string>(&value);
        const auto* count = std::get_if<std::int64_t>(&value);
        if (!column) {
            rest.set(name, value);
        } else if (columns()[*column].kind == event::Kind::number) {
            if (count != nullptr)
                record.values[*column] = *count;
            else
                rest.set(name, value);
        } else if (words == nullptr) {
            rest.set(name, value);
        } else if (is_utf8(*words)) {
            record.values[*column] = *words;
        } else {
            record.values[*column] = to_utf8(*words);
            rest.set(name + "_b64", base64(*words));
        }
    }
    record.extra = members(rest);
    return record;
}

std::string to_json(const Row& row) {
    event::Event event{text(row[3]), number(row[1]), std::string{text(row[2])}};
    const auto all = columns();
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& cell = row[head_cells + i];
        if (const auto* words = std::get_if<std::string>(&cell)) event.set(all[i].name, *words);
        if (const auto* count = std::get_if<std::int64_t>(&cell)) event.set(all[i].name, *count);
    }
    auto json = event::to_json(event);
    if (const auto extra = text(row[head_cells + all.size()]); extra.size() > 2) {
        json.back() = ',';
        json += extra.substr(1);
    }
    return json;
}

} // namespace skep::hub::store
