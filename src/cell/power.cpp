#include "cell/power.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace skep::cell {
namespace {

std::string_view base_name(std::string_view path) {
    return path.substr(path.find_last_of('/') + 1);
}

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
    return std::ranges::find(words, word) != words.end();
}

using Words = std::span<const std::string>;

bool has(Words words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

/// systemctl takes its verb anywhere among the options.
bool is_power_verb(Words words) {
    constexpr std::array<std::string_view, 5> verbs{"reboot", "halt", "poweroff", "kexec",
                                                    "soft-reboot"};
    const auto verb =
        std::ranges::find_if(words, [](const auto& word) { return !word.starts_with('-'); });
    return verb != words.end() && is_one_of(*verb, verbs);
}

/// Those that wait are systemd's business: they print when.
bool is_now(Words words) {
    const bool only_tells =
        std::ranges::any_of(words, [](const auto& word) { return word == "-c" || word == "-k"; });
    return !only_tells && (has(words, "now") || has(words, "+0") || has(words, "0"));
}

} // namespace

bool ends_machine(std::string_view program, const std::vector<std::string>& arguments) {
    Words words{arguments};
    if (words.empty()) return false;
    auto name = base_name(words[0]);
    words = words.subspan(1);
    if (base_name(program) == "busybox" && name.starts_with("busybox")) {
        if (words.empty()) return false;
        name = base_name(words[0]);
        words = words.subspan(1);
    }
    constexpr std::array<std::string_view, 5> programs{"systemctl", "systemd", "busybox", "init",
                                                       "shutdown"};
    if (!is_one_of(base_name(program), programs) || has(words, "--help") || has(words, "--version"))
        return false;
    constexpr std::array<std::string_view, 3> plain{"reboot", "halt", "poweroff"};
    if (is_one_of(name, plain)) return !has(words, "-w") && !has(words, "--wtmp-only");
    if (name == "shutdown") return is_now(words);
    if (name == "systemctl") return is_power_verb(words);
    return (name == "init" || name == "telinit") && (has(words, "6") || has(words, "0"));
}

} // namespace skep::cell
