// skep init: makes the state directory of a new deployment, without questions.
#include "apps/deployment_faults.hpp"
#include "apps/host_keys.hpp"
#include "apps/setting_text.hpp"
#include "apps/subcommand.hpp"
#include "apps/system_user.hpp"
#include "base/crypto/password.hpp"
#include "base/settings.hpp"
#include "persona/persona.hpp"
#include "persona/template.hpp"
#include "process/user.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

namespace skep::apps::init {
namespace {

namespace fs = std::filesystem;

constexpr std::array options{
    state_option,
    Option{.name = "--set",
           .value = "KEY=VALUE",
           .sentence = "Sets a configuration key; may be given several times."},
    Option{.name = "--force",
           .value = {},
           .sentence = "Writes configuration, personas and password anew where a deployment is; "
                       "what it recorded and its SSH host keys stay."},
    Option{.name = "--json",
           .value = {},
           .sentence = "Prints one JSON object with `state`, `dashboard`, `password` and "
                       "`host_keys`."},
};

constexpr std::array directories{"conf.d",     "personas", "hub",    "journal", "vault",
                                 "recordings", "cells",    "images", "auth",    "run"};

/// What will be written, complete and checked before the first file is made.
struct Plan {
    std::map<std::string, std::string> files; ///< Content by path in the state directory.
    std::string password;
    std::string dashboard; ///< Address of the page, empty if the hub is off.
    std::string user;      ///< Setting run.user.
};

/// What is wrong with a `--set`, without the place `--set:1: ` that says nothing. For a value that
/// is no TOML at all, as `many` for a number, what the row wants.
std::string set_fault(const std::string& assignment, std::string_view message) {
    constexpr std::string_view place = "--set:1: ";
    if (message.starts_with(place)) message.remove_prefix(place.size());
    const auto key = assignment.substr(0, assignment.find('='));
    if (message.contains(fmt::format("`{}`", key)))
        return fmt::format("--set {}: {}", assignment, message);
    return fmt::format("--set {}: `{}` must be {}", assignment, key,
                       type_words(*find_setting(key)));
}

/// The `--set`s as a file, the last one of a key winning; and the configuration that results.
Result<std::string> chosen(const Arguments& arguments, Settings& settings) {
    if (auto read = settings.read(new_configuration(), "skep.toml"); !read)
        return std::unexpected{read.error()};
    std::map<std::string, std::string> lines;
    const auto given = arguments.options.find("--set");
    if (given == arguments.options.end()) return std::string{};
    for (const auto& assignment : given->second) {
        TRY(auto line, Settings::to_toml(assignment));
        if (auto assigned = settings.assign(assignment); !assigned)
            return fail(Fault::refused, set_fault(assignment, assigned.error().detail()));
        lines.insert_or_assign(assignment.substr(0, assignment.find('=')), std::move(line));
    }
    std::string file = "# What `skep init --set` chose.\n";
    for (const auto& [key, line] : lines)
        file += line;
    return file;
}

/// Adds the persona of every service. The name of the persona is the name of its template.
Result<void> add_personas(const Settings& settings, Plan& plan) {
    std::vector<std::string> names;
    for (const auto name : persona::template_names())
        names.emplace_back(name);
    for (const auto& service : settings.names("service")) {
        const auto key = fmt::format("service.{}.persona", service);
        const auto name = settings.text(key);
        if (std::ranges::find(names, name) == names.end())
            return fail(Fault::refused,
                        fmt::format("`{}` must be one of {}: no other persona is there yet", key,
                                    fmt::join(names, ", ")));
    }
    for (const auto& name : names) {
        TRY(auto text, persona::generate(name, std::time(nullptr)));
        plan.files.emplace(fmt::format("personas/{}.toml", name), std::move(text));
    }
    return {};
}

Result<Plan> make_plan(const Arguments& arguments) {
    Settings settings;
    TRY(auto from_options, chosen(arguments, settings));
    Plan plan;
    plan.user = settings.text("run.user");
    if (const auto faults = deployment_faults(settings); !faults.empty())
        return fail(Fault::refused, faults.front());
    if (auto added = add_personas(settings, plan); !added) return std::unexpected{added.error()};
    plan.files.emplace("skep.toml", new_configuration());
    if (!from_options.empty()) plan.files.emplace("conf.d/50-init.toml", std::move(from_options));
    plan.password = crypto::make_password();
    plan.files.emplace("hub/password", crypto::hash_password(plan.password) + '\n');
    if (settings.flag("hub.enabled"))
        plan.dashboard = fmt::format("http://{}/", settings.text("hub.address"));
    return plan;
}

std::unexpected<Error> system_error(std::string_view what, std::string_view path) {
    return fail(Fault::refused, fmt::format("{} cannot be {}: {}", path, what,
                                            std::strerror(errno))); // NOLINT(concurrency-mt-unsafe)
}

Result<void> make_directory(const std::string& path) {
    if (::mkdirat(AT_FDCWD, path.c_str(), 0700) != 0 && errno != EEXIST)
        return system_error("made", path);
    return {};
}

/// Writes a file in one step, so that a reader sees the old content or the new one.
Result<void> write_file(const std::string& path, std::string_view content) {
    const auto temporary = path + ".new";
    const int file =
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) return system_error("written", temporary);
    const auto written = ::write(file, content.data(), content.size());
    const bool whole = written == static_cast<ssize_t>(content.size()) && ::fsync(file) == 0;
    ::close(file);
    if (!whole) return system_error("written", temporary);
    if (::rename(temporary.c_str(), path.c_str()) != 0) return system_error("written", path);
    return {};
}

/// Makes the directory itself and becomes its owner: from here on nothing is done as root, because
/// whoever owned an older deployment could have put links in our way.
Result<void> enter(const std::string& state, const std::string& user) {
    std::error_code error;
    fs::create_directories(fs::path{state}.parent_path(), error);
    if (error) return fail(Fault::refused, fmt::format("{}: {}", state, error.message()));
    if (auto made = make_directory(state); !made) return made;
    if (::geteuid() == 0) {
        if (auto made = make_system_user(user); !made) return made;
        return process::become_user(user, state);
    }
    if (::chdir(state.c_str()) != 0) return system_error("entered", state);
    return {};
}

Result<void> write_state(const Plan& plan) {
    if (::chmod(".", 0700) != 0) return system_error("made private", "the state directory");
    for (const auto* directory : directories)
        if (auto made = make_directory(directory); !made) return made;
    // An older choice must not outlive --force.
    ::unlink("conf.d/50-init.toml");
    for (const auto& [path, content] : plan.files)
        if (auto written = write_file(path, content); !written) return written;
    for (const auto name : persona::template_names()) {
        auto made = make_host_keys_of(".", std::string{name});
        if (!made) return std::unexpected{made.error()};
    }
    return {};
}

/// Why nothing may be written into `state`, or empty.
std::string obstacle(const std::string& state, bool force) {
    std::error_code error;
    if (fs::exists(state, error) && !fs::is_directory(state, error))
        return fmt::format("{} is not a directory", state);
    if (force || !fs::exists(state, error)) return {};
    if (fs::exists(fs::path{state} / "skep.toml", error))
        return fmt::format(
            "{} already holds a deployment; start it with `skep run --state {}`, or write its "
            "configuration, personas and password anew with --force",
            state, state);
    if (!fs::is_empty(state, error) && !error)
        return fmt::format("{} holds other files; name a directory that is empty or not there yet",
                           state);
    return {};
}

void print_result(const std::string& state, const Plan& plan, bool as_json) {
    const auto host_keys = host_key_lines(".");
    if (as_json) {
        boost::json::array keys;
        for (const auto& key : host_keys)
            keys.push_back({{"persona", key.persona},
                            {"type", key.type},
                            {"bits", key.bits},
                            {"fingerprint", key.fingerprint}});
        const boost::json::object answer{{"state", state},
                                         {"dashboard", plan.dashboard},
                                         {"password", plan.password},
                                         {"host_keys", std::move(keys)}};
        fmt::print("{}\n", boost::json::serialize(answer));
        return;
    }
    fmt::print("Deployment made in {}\n\n", state);
    for (const auto& key : host_keys)
        fmt::print("SSH host key of {}: {} {} ({} bits)\n", key.persona, key.type, key.fingerprint,
                   key.bits);
    if (!host_keys.empty()) fmt::print("\n");
    if (!plan.dashboard.empty()) fmt::print("dashboard: {}\n", plan.dashboard);
    fmt::print("password: {}\n\n"
               "The password is shown only now; `skep password` makes a new one.\n\nNext:\n"
               "  skep image build --state {} --all    builds the base images of the cells\n"
               "  skep check --state {}                says whether everything is there\n"
               "  skep run --state {}                  starts it, on loopback until you set other "
               "addresses\n",
               plan.password, state, state, state);
}

int run(const Arguments& arguments) {
    const auto state = state_directory(arguments);
    const auto plan = make_plan(arguments);
    if (!plan) return complain(plan.error().detail(), 2);
    if (const auto why = obstacle(state, arguments.has("--force")); !why.empty())
        return complain(why);
    ::umask(077);
    if (auto entered = enter(state, plan->user); !entered)
        return complain(entered.error().detail());
    if (auto written = write_state(*plan); !written) return complain(written.error().detail());
    print_result(state, *plan, arguments.has("--json"));
    return 0;
}

} // namespace

extern const Subcommand entry{
    .name = "init",
    .summary = "Make a deployment: configuration, personas, the dashboard's password.",
    .words = {},
    .options = options,
    .example = "skep init --state ./state --set auth.policy=any",
    .run = run};

} // namespace skep::apps::init
