// `skep cell diff`: what an attacker changed on a machine.
#include "apps/cell_files.hpp"
#include "apps/subcommand.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>

namespace skep::apps::cell_diff {
namespace {

void print_json(const cell::Change& change) {
    boost::json::object row{{"change", std::string(1, static_cast<char>(change.kind))},
                            {"path", to_utf8(change.path)},
                            {"mode", fmt::format("{:o}", change.mode & 07777U)},
                            {"uid", change.uid},
                            {"gid", change.gid},
                            {"size", change.size},
                            {"mtime", iso8601(change.mtime * 1'000'000)}};
    if (!change.link.empty()) row["link"] = to_utf8(change.link);
    fmt::print("{}\n", boost::json::serialize(row));
}

int run(const Arguments& arguments) {
    const auto changes = enter_and_compare(arguments);
    if (!changes) return complain(changes.error().detail());
    for (const auto& change : changes->list) {
        if (arguments.has("--json")) {
            print_json(change);
            continue;
        }
        const auto to = change.link.empty() ? std::string{} : " -> " + escape_text(change.link);
        fmt::print("{} {:>9} {}{}\n", static_cast<char>(change.kind), change.size,
                   escape_text(change.path), to);
    }
    return changes->whole ? 0 : complain(not_whole);
}

constexpr std::array options{state_option, Option{"--json", "", "One JSON object a line."}};

} // namespace

extern const Subcommand entry{
    .name = "cell diff",
    .summary = "List what an attacker added (A), modified (M) and deleted (D), with its size.",
    .words = "CELL",
    .options = options,
    .example = "skep cell diff 4be1c9d25a60f7e3 --state ./state",
    .run = run};

} // namespace skep::apps::cell_diff
