// `skep cell kill`.
#include "apps/cells_client.hpp"
#include "apps/subcommand.hpp"

#include <array>

namespace skep::apps::cell_kill {
namespace {

int run(const Arguments& arguments) {
    return tell_cell(state_directory(arguments), "kill", arguments.words);
}

constexpr std::array options{state_option};

} // namespace

extern const Subcommand entry{
    .name = "cell kill",
    .summary = "End all processes of a machine; its files stay for the next visit.",
    .words = "CELL",
    .options = options,
    .example = "skep cell kill 4be1c9d25a60f7e3 --state ./state",
    .run = run};

} // namespace skep::apps::cell_kill
