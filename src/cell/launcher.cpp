#include "cell/launcher.hpp"

#include "base/time.hpp"
#include "base/wire.hpp"
#include "cell/image.hpp"
#include "cell/supervisor.hpp"
#include "cell/tree.hpp"
#include "process/channel.hpp"
#include "process/sandbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace skep::cell {
namespace {

namespace fs = std::filesystem;
using process::Descriptor;
using process::MessageKind;

/// Programs and process 1 of an image, read when its first cell starts.
struct LoadedImage {
    std::string recipe;
    std::string init;
    ProgramTable programs;
};

bool is_cell_id(std::string_view id) {
    return id.size() == 16 && std::ranges::all_of(id, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

class Launcher {
  public:
    Launcher(const LauncherPlan& plan, Descriptor socket)
        : plan_{plan}, socket_{std::move(socket)} {}

    void clean() const;
    void run();

  private:
    Result<const LoadedImage*> image(const std::string& name);
    Result<Descriptor> launch(const std::string& id, const std::string& persona);
    void remove(const std::string& place) const;

    const LauncherPlan& plan_;
    Descriptor socket_;
    std::map<std::string, LoadedImage> images_;
    unsigned slot_ = 0;
};

void Launcher::remove(const std::string& place) const {
    // In a child: a large tree takes long, and nothing waits for it.
    if (::fork() != 0) return;
    std::error_code error;
    fs::remove_all(place, error);
    ::_exit(0);
}

/// Cells whose time ran out while we were not running, and replaced images.
void Launcher::clean() const {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{"cells", error}) {
        struct stat used{};
        const bool known = ::stat((entry.path() / "made").c_str(), &used) == 0;
        if (!known || used.st_mtim.tv_sec + plan_.idle_seconds < system_clock().now() / 1000000)
            remove(entry.path());
    }
    for (const auto& entry : fs::directory_iterator{"/images", error})
        if (entry.path().filename().string().starts_with(".old-")) remove(entry.path());
}

Result<const LoadedImage*> Launcher::image(const std::string& name) {
    TRY(const auto info, image_info("/images", name));
    auto& loaded = images_[name];
    if (loaded.recipe != info.recipe || loaded.init.empty()) {
        TRY(loaded.programs, ProgramTable::load(fmt::format("/images/{}/programs", name)));
        loaded.recipe = info.recipe;
        loaded.init = info.init;
    }
    return &loaded;
}

Result<Descriptor> Launcher::launch(const std::string& id, const std::string& name) {
    const auto persona = plan_.personas.find(name);
    if (!is_cell_id(id) || persona == plan_.personas.end())
        return fail(Fault::refused, "there is no such persona");
    TRY(const auto* loaded, image(persona->second.image));
    TRY(auto ends, process::make_channel_pair());
    const CellPlan plan{.id = id,
                        .persona = persona->second,
                        .init = loaded->init,
                        .limits = plan_.limits,
                        .filter = plan_.filter,
                        .slot = slot_++};
    const pid_t child = ::fork();
    if (child < 0) return fail(Fault::refused, "fork");
    if (child == 0) {
        socket_.reset();
        ends.first.reset();
        ::_exit(run_supervisor(plan, loaded->programs, std::move(ends.second)));
    }
    return std::move(ends.first);
}

void Launcher::run() {
    for (;;) {
        const auto message = process::receive_now(socket_.get());
        if (!message) {
            if (message.error().kind() == Fault::malformed) continue;
            return;
        }
        WireReader in{message->payload};
        const auto id = in.bytes();
        if (message->kind == MessageKind::cell_stop) {
            if (in.finish() && is_cell_id(id)) remove("cells/" + id);
            continue;
        }
        const auto persona = in.bytes();
        if (message->kind != MessageKind::cell_launch || !in.finish()) continue;
        WireWriter out;
        out.bytes(id);
        auto started = launch(id, persona);
        const auto kind = started ? MessageKind::cell_launched : MessageKind::cell_failed;
        if (!started) out.bytes(started.error().detail());
        if (!process::send_now(socket_.get(), kind, std::move(out).take(),
                               started ? started->get() : -1))
            return;
    }
}

} // namespace

int run_launcher(const LauncherPlan& plan, Descriptor socket) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    ::signal(SIGCHLD, SIG_IGN);
    ::signal(SIGPIPE, SIG_IGN);
    const auto report = [&](const Error& error) {
        static_cast<void>(process::send_now(socket.get(), MessageKind::notice, error.detail()));
        return 1;
    };
    if (auto entered = enter_minimal_root(); !entered) return report(entered.error());
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    if (auto restricted = process::restrict_calls(process::Profile::cells); !restricted)
        return report(restricted.error());
    static_cast<void>(process::send_now(socket.get(), MessageKind::ready, {}));
    Launcher launcher{plan, std::move(socket)};
    launcher.clean();
    launcher.run();
    return 0;
}

} // namespace skep::cell
