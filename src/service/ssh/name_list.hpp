// Name-lists (RFC 4251 section 5): names separated by commas, walked without copying.
#pragma once

#include <string_view>

namespace skep::service::ssh {

/// The next name of `list`, which is shortened by it and its comma. OpenSSH's match_list() stops at
/// the first empty name, as this does by returning one.
constexpr std::string_view take_name(std::string_view& list) {
    const auto comma = list.find(',');
    const auto name = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    return name;
}

/// Whether `name` is in `list` before an empty name.
constexpr bool lists(std::string_view list, std::string_view name) {
    for (auto each = take_name(list); !each.empty(); each = take_name(list))
        if (each == name) return true;
    return false;
}

/// The first of the client's names that the server has too (RFC 4253 section 7.1); empty if none.
constexpr std::string_view first_common(std::string_view client, std::string_view server) {
    for (auto each = take_name(client); !each.empty(); each = take_name(client))
        if (lists(server, each)) return each;
    return {};
}

} // namespace skep::service::ssh
