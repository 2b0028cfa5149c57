#include "apps/cell_files.hpp"

#include "base/settings.hpp"
#include "process/user.hpp"
#include "process/user_namespace.hpp"

#include <algorithm>

namespace skep::apps {

namespace {

/// A name below `cells/` and nothing else.
bool is_cell(const std::string& word) {
    return !word.empty() && std::ranges::all_of(word, [](char digit) {
        return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
    });
}

} // namespace

Result<std::vector<cell::Change>> enter_and_compare(const Arguments& arguments) {
    if (arguments.words.empty() || !is_cell(arguments.words[0]))
        return fail(Fault::refused, "name one cell, as `skep cell list` shows it");
    const auto state = state_directory(arguments);
    TRY(const auto settings, Settings::load(state));
    if (auto become = process::become_user(settings.text("run.user"), state); !become)
        return std::unexpected{become.error()};
    if (auto entered = process::enter_user_namespace(); !entered)
        return std::unexpected{entered.error()};
    return cell::changes_of(arguments.words[0]);
}

} // namespace skep::apps
