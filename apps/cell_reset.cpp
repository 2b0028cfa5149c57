// `skep cell reset`.
#include "apps/cells_client.hpp"
#include "apps/subcommand.hpp"

#include <array>

namespace skep::apps::cell_reset {
namespace {

int run(const Arguments& arguments) {
    return tell_cell(state_directory(arguments), "reset", arguments.words);
}

constexpr std::array options{state_option};

} // namespace

extern const Subcommand entry{.name = "cell reset",
                              .summary =
                                  "Delete a machine: its source finds a new one at the next visit.",
                              .words = "CELL",
                              .options = options,
                              .example = "skep cell reset 4be1c9d25a60f7e3 --state ./state",
                              .run = run};

} // namespace skep::apps::cell_reset
