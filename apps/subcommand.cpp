#include "apps/subcommand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

namespace skep::apps {
namespace {

std::string default_state() {
    if (const char* chosen = std::getenv("SKEP_STATE"); chosen != nullptr && *chosen != '\0')
        return chosen; // NOLINT(concurrency-mt-unsafe): before any thread
    if (::geteuid() == 0) return "/var/lib/skep";
    const char* home = std::getenv("HOME"); // NOLINT(concurrency-mt-unsafe): before any thread
    return std::string{home == nullptr ? "/tmp" : home} + "/.local/state/skep";
}

} // namespace

std::string state_directory(const Arguments& arguments) {
    return std::filesystem::absolute(arguments.value("--state", default_state()))
        .lexically_normal()
        .string();
}

int complain(std::string_view text, int status) {
    fmt::print(stderr, "skep: {}\n", text);
    return status;
}

Result<Arguments> parse_arguments(const Subcommand& subcommand,
                                  std::span<const std::string> words) {
    Arguments arguments;
    bool only_words = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (only_words || !word.starts_with("--")) {
            arguments.words.emplace_back(word);
            continue;
        }
        if (word == "--") {
            only_words = true;
            continue;
        }
        const auto name = word.substr(0, word.find('='));
        const auto option = std::ranges::find(subcommand.options, name, &Option::name);
        if (option == subcommand.options.end())
            return fail(Fault::refused,
                        fmt::format("`skep {}` has no option {}; see `skep {} --help`",
                                    subcommand.name, name, subcommand.name));
        const bool attached = name.size() != word.size();
        if (option->value.empty() && attached)
            return fail(Fault::refused, fmt::format("{} takes no value", name));
        if (!option->value.empty() && !attached && i + 1 == words.size())
            return fail(Fault::refused, fmt::format("{} needs {}", name, option->value));
        std::string value;
        if (attached)
            value = word.substr(name.size() + 1);
        else if (!option->value.empty())
            value = words[++i];
        arguments.options[std::string{name}].push_back(std::move(value));
    }
    if (subcommand.words.empty() && !arguments.words.empty())
        return fail(Fault::refused, fmt::format("`skep {}` takes no word `{}`", subcommand.name,
                                                arguments.words.front()));
    return arguments;
}

} // namespace skep::apps
