// `skep cell show`: one machine and the programs that sessions have open on it.
#include "apps/cells_client.hpp"
#include "apps/subcommand.hpp"

#include <fmt/format.h>

#include <array>

namespace skep::apps::cell_show {
namespace {

void print_people(const boost::json::object& cell) {
    for (const char* name :
         {"cell", "persona", "image", "src_ip", "protocol", "session", "used", "state"})
        fmt::print("{:<9} {}\n", name, shown(cell, name));
    const auto* programs = cell.if_contains("programs");
    if (programs == nullptr || !programs->is_array()) return;
    for (const auto& entry : programs->get_array()) {
        if (!entry.is_object()) continue;
        const auto& program = entry.get_object();
        fmt::print("  session {} user {} {}{} {}\n", shown(program, "session"),
                   shown(program, "username"), shown(program, "kind"),
                   shown(program, "terminal") == "true" ? " on a terminal" : "",
                   shown(program, "command"));
    }
}

int run(const Arguments& arguments) {
    if (arguments.words.size() != 1)
        return complain("name one cell, as `skep cell list` shows it", 2);
    const auto rows = ask_cells(state_directory(arguments), "show " + arguments.words[0]);
    if (!rows) return complain(rows.error().detail());
    for (const auto& row : *rows) {
        if (arguments.has("--json"))
            fmt::print("{}\n", boost::json::serialize(row));
        else
            print_people(row);
    }
    return 0;
}

constexpr std::array options{state_option, Option{"--json", "", "As JSON."}};

} // namespace

extern const Subcommand entry{.name = "cell show",
                              .summary = "Show one attacker's machine and who is on it.",
                              .words = "CELL",
                              .options = options,
                              .example = "skep cell show 4be1c9d25a60f7e3 --state ./state",
                              .run = run};

} // namespace skep::apps::cell_show
