#include "apps/system_user.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <pwd.h>
#include <spawn.h>
#include <sys/wait.h>
#include <vector>

namespace skep::apps {
namespace {

struct Range {
    std::string owner;
    long first = 0, count = 0;
};

/// The lines `owner:first:count` of subuid(5); others are skipped, as newuidmap skips them.
std::vector<Range> read_ranges(const std::string& file) {
    std::vector<Range> ranges;
    std::ifstream lines{file};
    for (std::string line; std::getline(lines, line);) {
        const auto a = line.find(':');
        const auto b = line.find(':', a + 1);
        if (a == std::string::npos || b == std::string::npos) continue;
        Range range{.owner = line.substr(0, a)};
        std::from_chars(line.data() + a + 1, line.data() + b, range.first);
        std::from_chars(line.data() + b + 1, line.data() + line.size(), range.count);
        ranges.push_back(std::move(range));
    }
    return ranges;
}

/// Where a new range can begin: above every range that is given away.
long free_range(const std::string& file) {
    long first = 100000;
    for (const auto& range : read_ranges(file))
        first = std::max(first, range.first + range.count);
    return first;
}

Result<void> run_tool(std::vector<std::string> words) {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    constexpr std::array path{"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                              static_cast<const char*>(nullptr)};
    std::array<char*, 2> environment{const_cast<char*>(path[0]), nullptr};
    pid_t child = 0;
    const auto tool = "/usr/sbin/" + words[0];
    if (const int error = ::posix_spawn(&child, tool.c_str(), nullptr, nullptr, arguments.data(),
                                        environment.data());
        error != 0)
        return fail(Fault::refused,
                    fmt::format("{} cannot be started; install the Debian package passwd", tool));
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail(Fault::refused, fmt::format("`{}` failed", fmt::join(words, " ")));
    return {};
}

Result<void>
give_range(const std::string& file, const std::string& option, const std::string& name) {
    if (subordinate_ids(file, name) >= subordinate_ids_min) return {};
    const auto first = free_range(file);
    return run_tool(
        {"usermod", option, fmt::format("{}-{}", first, first + subordinate_ids_min - 1), name});
}

} // namespace

long subordinate_ids(const std::string& file, const std::string& name) {
    long most = 0;
    for (const auto& range : read_ranges(file))
        if (range.owner == name) most = std::max(most, range.count);
    return most;
}

Result<void> make_system_user(const std::string& name) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the command has one thread
    if (::getpwnam(name.c_str()) == nullptr) {
        auto made = run_tool({"useradd", "--system", "--user-group", "--home-dir", "/nonexistent",
                              "--no-create-home", "--shell", "/usr/sbin/nologin", "--comment",
                              "Skep", name});
        if (!made) return made;
    }
    if (auto given = give_range("/etc/subuid", "--add-subuids", name); !given) return given;
    return give_range("/etc/subgid", "--add-subgids", name);
}

} // namespace skep::apps
