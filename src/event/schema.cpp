#include "event/schema.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace skep::event {
namespace {

constexpr std::array field_table{
#define FIELD(name, kind, sentence) Field{#name, Kind::kind, sentence},
#include "event/events.def"
};

constexpr std::array type_table{
#define EVENT(eventid, fields, sentence) Type{eventid, fields, sentence},
#include "event/events.def"
};

} // namespace

std::span<const Field> fields() noexcept {
    return field_table;
}

std::span<const Type> types() noexcept {
    return type_table;
}

const Field* find_field(std::string_view name) noexcept {
    const auto* found = std::ranges::find(field_table, name, &Field::name);
    return found == field_table.end() ? nullptr : found;
}

const Type* find_type(std::string_view eventid) noexcept {
    const auto* found = std::ranges::find(type_table, eventid, &Type::eventid);
    return found == type_table.end() ? nullptr : found;
}

std::string_view name(Kind kind) noexcept {
    switch (kind) {
    case Kind::text: return "text";
    case Kind::number: return "number";
    case Kind::flag: return "flag";
    case Kind::list: return "list";
    case Kind::time: return "time";
    }
    std::unreachable();
}

} // namespace skep::event
