// skep config: what is in force, and what a key means.
#include "apps/setting_text.hpp"
#include "apps/subcommand.hpp"
#include "base/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace skep::apps::config {
namespace {

constexpr std::array options{
    state_option,
    Option{.name = "--explain", .value = "KEY", .sentence = "Says what one key means instead."},
};

int explain(std::string_view key) {
    const auto* row = find_setting(key);
    const auto all = setting_rows();
    // A `*` typed as it stands in the documentation is the row itself.
    if (row == nullptr) {
        const auto same = std::ranges::find(all, key, &SettingRow::key);
        if (same != all.end()) row = &*same;
    }
    if (row == nullptr)
        return complain(
            fmt::format("there is no key `{}`; did you mean `{}`?", key, nearest_setting(key)), 2);
    fmt::print("{}\n  {}\n  Value: {}\n  Default: {}\n", row->key, row->sentence, type_words(*row),
               default_toml(*row));
    if (row->key.contains('*')) fmt::print("  * stands for a name that you choose.\n");
    return 0;
}

void print_key(const Settings& settings, std::string_view key) {
    const bool is_set = settings.values().contains(key);
    fmt::print("{} = {}{}\n", key, value_toml(settings, key), is_set ? "" : "  # default");
}

/// Prints a key of the row, or one for each name where the row has a `*`.
void print_row(const Settings& settings, const SettingRow& row) {
    const auto star = row.key.find('*');
    if (star == std::string_view::npos) return print_key(settings, row.key);
    for (const auto& name : settings.names(row.key.substr(0, star - 1)))
        print_key(settings,
                  fmt::format("{}{}{}", row.key.substr(0, star), name, row.key.substr(star + 1)));
}

int run(const Arguments& arguments) {
    if (arguments.has("--explain")) return explain(arguments.value("--explain"));
    const auto settings = Settings::load(state_directory(arguments));
    if (!settings) return complain(settings.error().detail(), 2);
    for (const auto& row : setting_rows())
        print_row(*settings, row);
    return 0;
}

} // namespace

extern const Subcommand entry{.name = "config",
                              .summary = "Print every key with its value, or explain one.",
                              .words = {},
                              .options = options,
                              .example = "skep config --explain auth.policy",
                              .run = run};

} // namespace skep::apps::config
