#include "apps/cell_files.hpp"

#include "base/settings.hpp"
#include "cell/cell_id.hpp"
#include "process/user.hpp"
#include "process/user_namespace.hpp"

namespace skep::apps {

Result<cell::Changes> enter_and_compare(const Arguments& arguments) {
    if (arguments.words.empty() || arguments.words.size() > 2 ||
        !cell::is_cell_id(arguments.words[0]))
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
