// What stands in a request's target and header fields: pure parsers of a stranger's bytes.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "hub/api/http.hpp"

#include <span>
#include <string>
#include <string_view>

namespace skep::hub::api {

constexpr std::size_t parameters_max = 64;

struct Target {
    std::string path;
    Parameters query;
};

/// Splits `/path?name=value&...` and decodes names and values (`+` is a space, `%XX` any byte).
/// Fault::malformed for a target that does not begin with `/`, a wrong escape, or more than
/// parameters_max of them.
Result<Target> parse_target(std::string_view target);

/// A point of time as the API takes it: `-60m`, `-24h`, `-7d`, `-30s` before `now`, `now`, seconds
/// since 1970, or ISO 8601. Fault::malformed otherwise.
Result<Micros> parse_time(std::string_view text, Micros now);

/// Whether a Host field can only have been sent by someone who meant this server: an address, or
/// `localhost`, or one of `names`. Any other name may be a stranger's that was made to point here
/// (DNS rebinding). The port does not matter.
bool is_own_host(std::string_view host, std::span<const std::string> names);

/// Whether an Origin field, if there is one, is the page of this very host.
bool is_own_origin(std::string_view origin, std::string_view host);

/// The value of one cookie, empty if absent.
std::string_view cookie(std::string_view field, std::string_view name);

/// A session's name as a path may hold it: 1 to 64 letters, digits, `-` and `_`.
bool is_session_name(std::string_view text);

/// 64 lower-case hexadecimal digits.
bool is_shasum(std::string_view text);

} // namespace skep::hub::api
