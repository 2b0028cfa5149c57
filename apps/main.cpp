// skep: finds the subcommand, prints help, runs it.
#include "apps/subcommand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace skep::apps {

#define SUBCOMMAND(name)                                                                           \
    namespace name {                                                                               \
    extern const Subcommand entry;                                                                 \
    }
#include "apps/subcommands.def"
#undef SUBCOMMAND

namespace {

constexpr std::array<const Subcommand*, 0
#define SUBCOMMAND(name) +1
#include "apps/subcommands.def"
#undef SUBCOMMAND
                     >
    table{
#define SUBCOMMAND(name) &name::entry,
#include "apps/subcommands.def"
#undef SUBCOMMAND
    };

void print_help() {
    fmt::print("Skep {}: a honeypot that attackers take for a real machine.\n\nUsage: skep COMMAND "
               "[OPTION]...\n\nCommands:\n",
               SKEP_VERSION);
    for (const auto* entry : table)
        if (!entry->summary.empty()) fmt::print("  {:<14} {}\n", entry->name, entry->summary);
    fmt::print("\n`skep COMMAND --help` says more about one. Example: skep run --state ./state\n");
}

void print_help(const Subcommand& subcommand) {
    fmt::print("{}\n\nUsage: skep {}{}{}\n", subcommand.summary, subcommand.name,
               subcommand.options.empty() ? "" : " [OPTION]...",
               subcommand.words.empty() ? std::string{} : fmt::format(" {}", subcommand.words));
    if (!subcommand.options.empty()) fmt::print("\nOptions:\n");
    for (const auto& option : subcommand.options)
        fmt::print("  {:<22} {}\n", fmt::format("{} {}", option.name, option.value),
                   option.sentence);
    fmt::print("\nExample: {}\n", subcommand.example);
}

/// The entry whose one or two words stand in front of `words`, and how many words it took.
std::pair<const Subcommand*, std::size_t> find(std::span<const std::string> words) {
    for (const std::size_t count : {std::size_t{2}, std::size_t{1}}) {
        if (words.size() < count) continue;
        const std::string name = count == 2 ? words[0] + ' ' + words[1] : words[0];
        const auto* const* found =
            std::ranges::find(table, name, [](const auto* entry) { return entry->name; });
        if (found != table.end()) return {*found, count};
    }
    return {nullptr, 0};
}

int run_words(std::span<const std::string> words) {
    if (words.empty() || words[0] == "--help" || words[0] == "help") {
        print_help();
        return words.empty() ? 2 : 0;
    }
    if (words[0] == "--version") {
        fmt::print("skep {}\n", SKEP_VERSION);
        return 0;
    }
    const auto [subcommand, used] = find(words);
    if (subcommand == nullptr)
        return complain(fmt::format("there is no command `{}`; see `skep --help`", words[0]), 2);
    const auto rest = words.subspan(used);
    if (std::ranges::find(rest, "--help") != rest.end()) {
        print_help(*subcommand);
        return 0;
    }
    const auto arguments = parse_arguments(*subcommand, rest);
    if (!arguments) return complain(arguments.error().detail(), 2);
    return subcommand->run(*arguments);
}

} // namespace

std::span<const Subcommand* const> all_subcommands() {
    return table;
}

} // namespace skep::apps

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    return skep::apps::run_words(words);
}
