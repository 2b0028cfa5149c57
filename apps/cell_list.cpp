// `skep cell list`: the attackers' machines that run.
#include "apps/cells_client.hpp"
#include "apps/subcommand.hpp"

#include <fmt/format.h>

#include <array>

namespace skep::apps::cell_list {
namespace {

int run(const Arguments& arguments) {
    const auto rows = ask_cells(state_directory(arguments), "list");
    if (!rows) return complain(rows.error().detail());
    if (arguments.has("--json")) {
        for (const auto& row : *rows)
            fmt::print("{}\n", boost::json::serialize(row));
        return 0;
    }
    constexpr const char* line = "{:<16}  {:<10}  {:<39}  {:>8}  {:<20}  {}\n";
    fmt::print(fmt::runtime(line), "CELL", "PERSONA", "SOURCE", "PROGRAMS", "LAST USED", "STATE");
    for (const auto& row : *rows)
        fmt::print(fmt::runtime(line), shown(row, "cell"), shown(row, "persona"),
                   shown(row, "src_ip"), shown(row, "sessions"), shown(row, "used").substr(0, 19),
                   shown(row, "state"));
    return 0;
}

constexpr std::array options{state_option, Option{"--json", "", "One JSON object a line."}};

} // namespace

extern const Subcommand entry{.name = "cell list",
                              .summary = "List the attackers' machines that run.",
                              .words = "",
                              .options = options,
                              .example = "skep cell list --state ./state",
                              .run = run};

} // namespace skep::apps::cell_list
