#include "cell/role.hpp"

#include "base/crypto/digest.hpp"
#include "cell/broker.hpp"
#include "cell/broker_operator.hpp"
#include "cell/call_filter.hpp"
#include "cell/host_key_files.hpp"
#include "cell/launcher.hpp"
#include "persona/host_keys.hpp"
#include "process/recorder_link.hpp"
#include "process/sandbox.hpp"
#include "process/user_namespace.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <unistd.h>

namespace skep::cell {
namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

using process::Descriptor;

CellLimits limits_of(const Settings& settings) {
    CellLimits limits;
    limits.processes = settings.limit("cell_processes");
    limits.memory_bytes = settings.limit("cell_memory_bytes");
    limits.disk_bytes = settings.limit("cell_disk_bytes");
    limits.files = settings.limit("cell_files");
    limits.open_files = settings.limit("cell_open_files");
    limits.cpu_seconds = settings.limit("cell_cpu_seconds");
    limits.sessions = settings.limit("cell_sessions");
    limits.artifact_bytes = settings.limit("artifact_bytes");
    limits.text_bytes = settings.limit("event_text_bytes");
    return limits;
}

Result<std::map<std::string, persona::Persona>> load_personas() {
    std::map<std::string, persona::Persona> personas;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{"personas", error}) {
        if (entry.path().extension() != ".toml") continue;
        TRY(auto persona, persona::load(entry.path().string()));
        personas.emplace(entry.path().stem().string(), std::move(persona));
    }
    return personas;
}

/// Forks the launcher. Its end of the pair of sockets is closed here.
/// `others`: what it must not have.
Result<Descriptor> start_launcher(const LauncherPlan& plan, std::initializer_list<int> others) {
    TRY(auto ends, process::make_channel_pair());
    const pid_t child = ::fork();
    if (child < 0) return fail(Fault::refused, "fork");
    if (child == 0) {
        ends.first.reset();
        for (const int descriptor : others)
            ::close(descriptor);
        ::_exit(run_launcher(plan, std::move(ends.second)));
    }
    return std::move(ends.first);
}

struct Prepared {
    LauncherPlan plan;
    Descriptor filter;
    Descriptor launcher;
    Descriptor control;
};

Result<Prepared> prepare(const process::RoleContext& context) {
    Prepared prepared;
    if (::chdir(context.state_directory.c_str()) != 0)
        return fail(Fault::refused, "the state directory cannot be entered");
    TRY(prepared.plan.personas, load_personas());
    TRY(prepared.filter, make_call_filter());
    TRY(prepared.control, bind_control_socket());
    prepared.plan.limits = limits_of(context.settings);
    prepared.plan.idle_seconds = context.settings.limit("cell_idle_seconds");
    prepared.plan.cells_max = static_cast<std::size_t>(context.settings.limit("cells"));
    prepared.plan.filter = prepared.filter.get();
    for (const auto& [name, persona] : prepared.plan.personas) {
        TRY(const auto keys, persona::load_host_keys(".", name));
        if (keys.empty()) continue;
        TRY(const auto salt, persona::host_key_salt(".", name));
        prepared.plan.host_keys.emplace(name, host_key_files(persona, keys, salt));
    }
    for (const auto& name : context.settings.names("service"))
        if (context.settings.flag(fmt::format("service.{}.enabled", name)))
            prepared.plan.spares.insert(
                context.settings.text(fmt::format("service.{}.persona", name)));
    if (auto entered = process::enter_user_namespace(); !entered)
        return std::unexpected{entered.error()};
    TRY(prepared.launcher,
        start_launcher(prepared.plan, {context.control, prepared.control.get()}));
    // The launcher keeps what it needs; the broker parses strangers' bytes and keeps nothing.
    for (auto& [name, files] : prepared.plan.host_keys)
        for (auto& file : files)
            crypto::wipe(file.content);
    if (auto done = process::drop_privileges(); !done) return std::unexpected{done.error()};
    if (auto done = process::restrict_files({}); !done) return std::unexpected{done.error()};
    if (auto done = process::restrict_calls(process::Profile::sensor); !done)
        return std::unexpected{done.error()};
    return prepared;
}

} // namespace

int run(const process::RoleContext& context) {
    auto prepared = prepare(context);
    if (!prepared) {
        fmt::print(stderr, "error cells: {}\n", prepared.error().detail());
        return 2;
    }
    asio::io_context io{1};
    process::Child child{io, context};
    process::RecorderLink recorder{
        io, static_cast<std::size_t>(context.settings.limit("events_unacknowledged")),
        static_cast<std::size_t>(context.settings.limit("event_text_bytes"))};
    BrokerPlan plan{.cells_max = static_cast<std::size_t>(context.settings.limit("cells")),
                    .idle_seconds = prepared->plan.idle_seconds,
                    .image_of = {}};
    for (const auto& [name, persona] : prepared->plan.personas)
        plan.image_of.emplace(name, persona.image);
    Broker broker{io, std::move(plan), recorder, std::move(prepared->launcher)};
    const Control control{io, broker, std::move(prepared->control)};
    int status = 0;
    child.on_peer = [&](const std::string& name, Descriptor socket) {
        if (name == "recorder") recorder.attach(std::move(socket));
        if (name == "sensor") broker.add_sensor(std::move(socket));
    };
    child.on_stop = [&] {
        broker.stop();
        io.stop();
    };
    broker.start([&] { child.ready(); },
                 [&](std::string_view reason) {
                     fmt::print(stderr, "error cells: {}\n", reason);
                     status = 1;
                     io.stop();
                 });
    child.start();
    io.run();
    return status;
}

} // namespace skep::cell
