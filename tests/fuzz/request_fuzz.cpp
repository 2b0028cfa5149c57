// What a stranger may put into a request's target and header fields.
#include "hub/api/file_kind.hpp"
#include "hub/api/page.hpp"
#include "hub/api/panel.hpp"
#include "hub/api/target.hpp"

#include <algorithm>
#include <cstdlib>

using namespace skep;
using namespace skep::hub::api;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    constexpr Micros now = 1'764'000'000'000'000;
    const std::vector<std::string> names{"skep.example.org"};
    if (is_own_host(text, names) && text.contains("evil")) std::abort();
    if (is_session_name(text) && (text.contains('/') || text.contains('.'))) std::abort();
    (void)is_own_origin(text, "127.0.0.1:8080");
    (void)cookie(text, "skep_session");
    (void)parse_time(text, now);
    (void)file_kind(text);
    if (const auto cursor = read_cursor(text); cursor && *cursor) {
        const auto again = read_cursor(to_text(**cursor));
        if (!again || (*again)->time != (*cursor)->time || (*again)->name != (*cursor)->name)
            std::abort();
    }
    auto target = parse_target(text);
    if (!target) return 0;
    if (target->query.size() > parameters_max) std::abort();
    const auto asked = read_common(std::move(target->query), now);
    if (!asked) return 0;
    if (asked->limit < 1 || asked->limit > limit_max || asked->from > asked->to) std::abort();
    Conditions conditions;
    conditions.add_filters(*asked);
    // Every `?` has its value, whatever was asked.
    const auto sql = conditions.sql();
    if (static_cast<std::size_t>(std::ranges::count(sql, '?')) != conditions.values().size())
        std::abort();
    return 0;
}
