#include "hub/store/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace skep::hub::store {
namespace {

/// Kind::text for a name that events.def does not have: a test refuses that.
event::Kind kind_of(std::string_view name) {
    const auto* field = event::find_field(name);
    return field == nullptr ? event::Kind::text : field->kind;
}

std::string events_statement() {
    std::string sql =
        "CREATE TABLE events (seq BIGINT NOT NULL, ts BIGINT NOT NULL, id VARCHAR NOT "
        "NULL, eventid VARCHAR NOT NULL";
    for (const auto& column : columns())
        sql += fmt::format(", {} {}", column.name,
                           column.kind == event::Kind::number ? "BIGINT" : "VARCHAR");
    return sql + ", extra VARCHAR)";
}

} // namespace

std::span<const Column> columns() noexcept {
    static const std::array table{
#define COLUMN(name) Column{#name, kind_of(#name)},
#include "hub/store/columns.def"
#undef COLUMN
    };
    return table;
}

std::span<const std::string_view> create_statements() {
    static const std::string events = events_statement();
    static const std::string version =
        fmt::format("INSERT INTO about VALUES ('schema_version', {})", schema_version);
    static const std::array<std::string_view, 4> statements{
        events,
        "CREATE TABLE parts (part VARCHAR NOT NULL, segment VARCHAR NOT NULL, position BIGINT NOT "
        "NULL, lines BIGINT NOT NULL, added BIGINT NOT NULL, complete BOOLEAN NOT NULL)",
        "CREATE TABLE about (name VARCHAR NOT NULL, value BIGINT NOT NULL)", version};
    return statements;
}

const std::string& event_columns() {
    static const std::string list = [] {
        std::string names = "seq, ts, id, eventid";
        for (const auto& column : columns())
            names += fmt::format(", {}", column.name);
        return names + ", extra";
    }();
    return list;
}

} // namespace skep::hub::store
