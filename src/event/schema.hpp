// The schema of events.def as tables, for the documentation, the store and the tests.
#pragma once

#include <span>
#include <string_view>

namespace skep::event {

enum class Kind : unsigned char { text, number, flag, list, time };

struct Field {
    std::string_view name;
    Kind kind;
    std::string_view sentence;
};

struct Type {
    std::string_view eventid;
    std::string_view fields; ///< Names separated by one space.
    std::string_view sentence;
};

std::span<const Field> fields() noexcept;
std::span<const Type> types() noexcept;

/// The row, or null.
const Field* find_field(std::string_view name) noexcept;
const Type* find_type(std::string_view eventid) noexcept;

/// The kind as the schema writes it.
std::string_view name(Kind kind) noexcept;

} // namespace skep::event
