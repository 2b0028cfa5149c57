// `skep remove`: takes a deployment away, with what belongs to the ids of its user namespace.
#include "apps/subcommand.hpp"
#include "base/settings.hpp"
#include "process/supervisor.hpp"
#include "process/user.hpp"
#include "process/user_namespace.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>

namespace skep::apps::remove {
namespace {

namespace fs = std::filesystem;

/// Empties the current directory; images and cells need the user namespace that made them.
int empty_here() {
    for (const auto& entry : fs::directory_iterator{"."}) {
        std::error_code error;
        fs::remove_all(entry.path(), error);
        if (error) return complain(fmt::format("{}: {}", entry.path().string(), error.message()));
    }
    return 0;
}

int run(const Arguments& arguments) {
    const auto state = state_directory(arguments);
    if (!arguments.has("--yes"))
        return complain(
            fmt::format("this deletes {} with all events and files; say --yes if you mean it",
                        state),
            2);
    const auto settings = Settings::load(state);
    if (!settings) return complain(settings.error().detail(), 2);
    if (process::is_running(state)) return complain("this deployment is running; stop it first", 1);
    if (auto become = process::become_user(settings->text("run.user"), state); !become)
        return complain(become.error().detail(), 1);
    if (auto entered = process::enter_user_namespace(); !entered)
        return complain(entered.error().detail(), 1);
    if (const int status = empty_here(); status != 0) return status;
    fmt::print("{} is empty now.\n", state);
    return 0;
}

constexpr std::array options{state_option, Option{"--yes", "", "Really delete."}};

} // namespace

extern const Subcommand entry{.name = "remove",
                              .summary = "Delete a deployment with everything it recorded.",
                              .words = "",
                              .options = options,
                              .example = "skep remove --state ./state --yes",
                              .run = run};

} // namespace skep::apps::remove
