// `skep run`: binds the ports, gives up root, starts the processes.
#include "apps/host_keys.hpp"
#include "apps/image_faults.hpp"
#include "apps/subcommand.hpp"
#include "net/address.hpp"
#include "process/supervisor.hpp"
#include "process/supervisor_status.hpp"
#include "process/user.hpp"
#include "process/user_namespace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace skep::apps::run {
namespace {

using process::Descriptor;
using process::Listening;

/// Binds `text`, or any free port of loopback.
Result<void> open_port(Listening& entry, const std::string& text, bool ephemeral) {
    net::Address address{"127.0.0.1", 0};
    if (!ephemeral) {
        TRY(address, net::parse_address(text));
    }
    TRY(const int socket, net::listen_on(address));
    entry.socket = Descriptor{socket};
    TRY(address, net::bound_address(socket));
    entry.address = net::to_text(address);
    return {};
}

Result<std::vector<Listening>> bind_listeners(const Settings& settings, bool ephemeral) {
    std::vector<Listening> listeners;
    for (const auto& name : settings.names("service")) {
        const auto key = [&](std::string_view leaf) {
            return fmt::format("service.{}.{}", name, leaf);
        };
        if (!settings.flag(key("enabled"))) continue;
        Listening entry;
        entry.service = name;
        entry.kind = settings.text(key("kind"));
        entry.persona = settings.text(key("persona"));
        auto bound = open_port(entry, settings.text(key("address")), ephemeral);
        if (!bound)
            return fail(Fault::refused,
                        fmt::format("{}: {}", key("address"), bound.error().detail()));
        listeners.push_back(std::move(entry));
    }
    // A service that has its protocol's name is the main one of its kind: scripts take the first.
    std::ranges::sort(listeners, {}, [](const Listening& entry) {
        return std::pair{entry.service != entry.kind, std::string_view{entry.service}};
    });
    if (!settings.flag("hub.enabled")) return listeners;
    Listening hub;
    hub.service = "hub";
    hub.kind = "hub";
    auto bound = open_port(hub, settings.text("hub.address"), ephemeral);
    if (!bound) return fail(Fault::refused, fmt::format("hub.address: {}", bound.error().detail()));
    listeners.push_back(std::move(hub));
    return listeners;
}

void announce(const std::vector<Listening>& listeners) {
    fmt::print("{}\n", process::ready_json(listeners));
    std::fflush(stdout);
    for (const auto& entry : listeners) {
        if (entry.kind == "hub")
            fmt::print(stderr,
                       "The dashboard is at http://{}/ (password: `skep init` printed it once; "
                       "`skep password` sets a new one).\n",
                       entry.address);
        else
            fmt::print(stderr, "{} ({}, persona {}) listens on {}.\n", entry.service, entry.kind,
                       entry.persona, entry.address);
    }
}

int run(const Arguments& arguments) {
    const auto state = state_directory(arguments);
    const bool ephemeral = arguments.has("--ephemeral");
    const auto settings = Settings::load(state);
    if (!settings)
        return complain(settings.error().detail() +
                            fmt::format(" (`skep init --state {}` makes a deployment)", state),
                        2);
    // Before the ports: processes of a killed supervisor still listen on them.
    if (auto here = process::enter_directory(state); !here)
        return complain(here.error().detail(), 2);
    const auto lock = process::take_lock();
    if (!lock) return complain(lock.error().detail(), 1);
    process::end_orphans();
    const auto hashes = recipe_hashes(); // whose place the later user may not reach
    auto listeners = bind_listeners(*settings, ephemeral);
    if (!listeners) return complain(listeners.error().detail(), 2);
    if (auto become = process::become_user(settings->text("run.user"), state); !become)
        return complain(become.error().detail(), 2);
    for (const auto& fault : image_faults(*settings, ".", hashes))
        fmt::print(stderr, "skep: {} --state {}\n", fault, state);
    if (auto made = make_missing_host_keys(*settings, "."); !made)
        return complain(made.error().detail(), 2);
    if (auto entered = process::enter_user_namespace(); !entered)
        return complain(entered.error().detail(), 2);
    process::SupervisorOptions options{.settings = *settings,
                                       .ephemeral = ephemeral,
                                       .listeners = *std::move(listeners),
                                       .on_ready = announce};
    return process::supervise(std::move(options));
}

constexpr std::array options{
    state_option,
    Option{"--ephemeral", "",
           "Listen on free ports of 127.0.0.1 instead of the configured ones, for tests."}};

} // namespace

extern const Subcommand entry{
    .name = "run",
    .summary = "Run the deployment until SIGTERM or ^C; prints one JSON line when it is ready.",
    .words = "",
    .options = options,
    .example = "skep run --state ./state",
    .run = run};

} // namespace skep::apps::run
