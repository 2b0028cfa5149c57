#include "hub/api/page.hpp"

#include <charconv>

namespace skep::hub::api {

std::string to_text(const PageCursor& cursor) {
    return std::to_string(cursor.time) + "." + cursor.name;
}

Result<std::optional<PageCursor>> read_cursor(std::string_view text) {
    if (text.empty()) return std::optional<PageCursor>{};
    PageCursor cursor;
    const auto dot = text.find('.');
    const auto digits = text.substr(0, dot);
    const auto [stop, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), cursor.time);
    if (dot == std::string_view::npos || error != std::errc{} ||
        stop != digits.data() + digits.size())
        return fail(Fault::malformed, "`before` is the `next` of an earlier answer");
    cursor.name = text.substr(dot + 1);
    return std::optional{std::move(cursor)};
}

bool EventList::add(std::string_view json) {
    const bool first = text_.size() == 1;
    if (!first && text_.size() + json.size() + 1 > bytes_max_) return false;
    if (!first) text_ += ',';
    text_ += json;
    return true;
}

} // namespace skep::hub::api
