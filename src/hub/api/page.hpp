// Pages of a long list: where one ends, and how large it gets.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace skep::hub::api {

/// The last item of a page: the next one begins behind it.
struct PageCursor {
    Micros time = 0;
    std::string name; ///< Id or session: orders what has the same time.
};

/// `MICROSECONDS.NAME`, for the parameter `before`.
std::string to_text(const PageCursor& cursor);

/// Nothing for an empty text, Fault::malformed for what to_text does not write.
Result<std::optional<PageCursor>> read_cursor(std::string_view text);

/// A JSON array of finished JSON objects, up to a number of bytes.
class EventList {
  public:
    explicit EventList(std::size_t bytes_max) : bytes_max_{bytes_max} {}

    /// False if it does not fit; the first one always does.
    bool add(std::string_view json);

    std::string finish() && { return std::move(text_) + "]"; }

  private:
    std::size_t bytes_max_;
    std::string text_ = "[";
};

} // namespace skep::hub::api
