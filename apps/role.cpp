// `skep role NAME`: what the supervisor starts. Not for people.
#include "apps/roles.hpp"
#include "apps/subcommand.hpp"
#include "base/crypto/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace skep::apps::role {
namespace {

struct Row {
    std::string_view name;
    int (*run)(const process::RoleContext&);
};

constexpr std::array rows{
#define ROLE(name, function) Row{name, function},
#include "apps/roles.def"
#undef ROLE
};

int run(const Arguments& arguments) {
    const auto name = arguments.words.empty() ? std::string{} : arguments.words.front();
    const auto* const row = std::ranges::find(rows, name, &Row::name);
    if (row == rows.end()) return complain("`skep role` is started by `skep run`", 2);
    const auto settings = Settings::load(".");
    if (!settings) return complain(settings.error().detail(), 2);
    const process::RoleContext context{.role = name,
                                       .settings = *settings,
                                       .state_directory = ".",
                                       .ephemeral = arguments.has("--ephemeral")};
    // OpenSSL reads its configuration when it is first used; inside a role's sandbox that is fatal.
    static_cast<void>(crypto::random_bytes(1));
    return row->run(context);
}

constexpr std::array options{Option{"--ephemeral", "", "The deployment is a test's."}};

} // namespace

extern const Subcommand entry{.name = "role",
                              .summary = {}, // not in the help: only `skep run` starts it
                              .words = "NAME",
                              .options = options,
                              .example = "skep run --state ./state",
                              .run = run};

} // namespace skep::apps::role
