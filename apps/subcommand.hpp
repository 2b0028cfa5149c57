// A subcommand of skep: its row for `--help` and the parser, and what it is run with.
#pragma once

#include "base/result.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skep::apps {

/// One `--name` of a subcommand.
struct Option {
    std::string_view name;  ///< With its dashes: `--state`.
    std::string_view value; ///< What stands after it in the help (`DIR`), empty for a switch.
    std::string_view sentence;
};

/// The words after a subcommand's name, already checked against its options.
struct Arguments {
    std::map<std::string, std::vector<std::string>, std::less<>>
        options;                    ///< By name with dashes; a switch has one empty value.
    std::vector<std::string> words; ///< What is no option.

    bool has(std::string_view option) const { return options.contains(option); }

    /// The last value given, or `otherwise`.
    std::string value(std::string_view option, std::string_view otherwise = {}) const {
        const auto found = options.find(option);
        return found == options.end() ? std::string{otherwise} : found->second.back();
    }
};

/// Exit status: 0 done, 1 it failed, 2 the arguments or the configuration are wrong.
struct Subcommand {
    std::string_view name;    ///< As typed; two words for `image build`.
    std::string_view summary; ///< Empty: for developers, not in the help.
    std::string_view words; ///< What its words are in the help (`FILE...`), empty if it takes none.
    std::span<const Option> options;
    std::string_view example;
    int (*run)(const Arguments&);
};

/// Every subcommand in the order of the help.
std::span<const Subcommand* const> all_subcommands();

/// The state directory: `--state`, or the environment's SKEP_STATE, or /var/lib/skep for root and
/// ~/.local/state/skep for others. Absolute.
std::string state_directory(const Arguments& arguments);

/// Options that every subcommand about a deployment has.
constexpr Option state_option{.name = "--state",
                              .value = "DIR",
                              .sentence =
                                  "State directory of the deployment (default: $SKEP_STATE, "
                                  "/var/lib/skep for root, ~/.local/state/skep for others)."};

/// Prints `skep: text` on standard error and returns `status`.
int complain(std::string_view text, int status = 1);

/// Reads words into Arguments; Fault::refused with a sentence for an unknown option or a missing
/// value.
Result<Arguments> parse_arguments(const Subcommand& subcommand, std::span<const std::string> words);

} // namespace skep::apps
