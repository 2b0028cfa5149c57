// skep check: whether a deployment is right and the system has what it needs.
#include "apps/deployment_faults.hpp"
#include "apps/image_faults.hpp"
#include "apps/subcommand.hpp"
#include "apps/system_user.hpp"
#include "base/settings.hpp"
#include "persona/persona.hpp"
#include "service/ssh/profile.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <linux/landlock.h>
#include <pwd.h>
#include <ranges>
#include <sched.h>
#include <set>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace skep::apps::check {
namespace {

namespace fs = std::filesystem;

constexpr std::array options{state_option};

/// What was looked at, in the order of the output.
class Report {
  public:
    void good(std::string_view what) { print("ok", what); }

    void bad(std::string_view what) {
        failed_ = true;
        print("wrong", what);
    }

    /// It runs, but with less.
    void less(std::string_view what) { print("less", what); }

    bool failed() const { return failed_; }

  private:
    static void print(std::string_view grade, std::string_view what) {
        fmt::print("{:<6} {}\n", grade, what);
    }

    bool failed_ = false;
};

/// Whether the persona has the SSH server that a service of kind ssh asks for.
void check_ssh(const Settings& settings, const persona::Persona& persona, Report& report) {
    for (const auto& service : settings.names("service")) {
        const auto key = fmt::format("service.{}.", service);
        if (!settings.flag(key + "enabled") || settings.text(key + "kind") != "ssh" ||
            settings.text(key + "persona") != persona.name)
            continue;
        if (service::ssh::find_profile(persona.ssh_server) == nullptr)
            report.bad(fmt::format(
                "persona {}: `ssh_server` must be one of {} for service {}", persona.name,
                fmt::join(service::ssh::profiles() |
                              std::views::transform(&service::ssh::Profile::name),
                          ", "),
                service));
    }
}

void check_personas(const Settings& settings, const fs::path& state, Report& report) {
    for (const auto& name : used_personas(settings)) {
        const auto persona = persona::load((state / "personas" / (name + ".toml")).string());
        if (!persona) {
            report.bad(persona.error().detail());
            continue;
        }
        report.good(fmt::format("persona {}: {}, Linux {}", name, persona->hostname,
                                persona->kernel_release));
        check_ssh(settings, *persona, report);
    }
    for (const auto& fault : image_faults(settings, state.string(), recipe_hashes()))
        report.bad(fault + fmt::format(" --state {}", state.string()));
}

void check_files(const Settings& settings, const fs::path& state, Report& report) {
    std::error_code error;
    const auto permissions = fs::status(state, error).permissions();
    if ((permissions & (fs::perms::group_all | fs::perms::others_all)) != fs::perms::none)
        report.bad(
            fmt::format("{} is open to other users: chmod 700 {}", state.string(), state.string()));
    if (settings.flag("hub.enabled") && !fs::exists(state / "hub" / "password", error))
        report.bad("the dashboard has no password: `skep password` makes one");
    const auto space = fs::space(state, error);
    const auto floor = settings.limit("disk_free_bytes_artifacts");
    if (!error && space.available < static_cast<std::uintmax_t>(floor))
        report.less(fmt::format("{} bytes are free, fewer than limits.disk_free_bytes_artifacts "
                                "({}): no file of an attacker is kept",
                                space.available, floor));
}

/// The name of the user that the processes will run as.
std::string runner(const Settings& settings) {
    if (::geteuid() == 0) return settings.text("run.user");
    const auto* entry = ::getpwuid(::geteuid()); // NOLINT(concurrency-mt-unsafe): one thread
    return entry == nullptr ? std::string{} : entry->pw_name;
}

/// Whether a process of `user` may make a user namespace: tried in a child.
bool can_make_namespaces(const passwd* user) {
    const auto child = ::fork();
    if (child == 0) {
        if (::geteuid() == 0 && user != nullptr &&
            (::setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
             ::setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0))
            ::_exit(2);
        ::_exit(::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 ? 0 : 1);
    }
    int status = -1;
    return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

void check_user(const Settings& settings, Report& report) {
    const auto name = runner(settings);
    const auto* user = ::getpwnam(name.c_str()); // NOLINT(concurrency-mt-unsafe): one thread
    if (user == nullptr)
        return report.bad(fmt::format("there is no user `{}` (setting run.user): `skep init` as "
                                      "root makes it",
                                      name));
    for (const std::string file : {"/etc/subuid", "/etc/subgid"})
        if (subordinate_ids(file, name) < subordinate_ids_min)
            report.bad(fmt::format("{} gives {} fewer than {} ids: usermod --add-sub{}s "
                                   "100000-165535 {}",
                                   file, name, subordinate_ids_min, file.substr(8), name));
    if (::access("/usr/bin/newuidmap", X_OK) != 0)
        report.bad("newuidmap is missing: apt-get install uidmap");
    if (can_make_namespaces(user))
        report.good(fmt::format("user {} may make user namespaces", name));
    else
        report.bad(fmt::format("user {} may not make user namespaces: sysctl "
                               "kernel.unprivileged_userns_clone and user.max_user_namespaces",
                               name));
}

void check_kernel(Report& report) {
    const auto abi =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi >= 1)
        report.good(fmt::format("Landlock, version {}", abi));
    else
        report.less("the kernel has no Landlock (5.13, and `landlock` in the lsm= list): processes "
                    "are kept by seccomp and by their user only");
}

int run(const Arguments& arguments) {
    const auto state = state_directory(arguments);
    const auto settings = Settings::load(state);
    if (!settings) return complain(settings.error().detail(), 2);
    Report report;
    const auto faults = deployment_faults(*settings);
    for (const auto& fault : faults)
        report.bad(fault);
    if (faults.empty()) report.good(fmt::format("configuration in {}", state));
    check_personas(*settings, state, report);
    check_files(*settings, state, report);
    check_user(*settings, report);
    check_kernel(report);
    return report.failed() ? 1 : 0;
}

} // namespace

extern const Subcommand entry{.name = "check",
                              .summary =
                                  "Say whether a deployment is right and the system can run it.",
                              .words = {},
                              .options = options,
                              .example = "skep check --state ./state",
                              .run = run};

} // namespace skep::apps::check
