#include "cell/launcher.hpp"

#include "base/time.hpp"
#include "base/wire.hpp"
#include "cell/cell_id.hpp"
#include "cell/image.hpp"
#include "cell/supervisor.hpp"
#include "cell/tree.hpp"
#include "process/channel.hpp"
#include "process/sandbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace skep::cell {
namespace {

namespace fs = std::filesystem;
using process::Descriptor;
using process::MessageKind;

constexpr std::chrono::minutes clean_every{10};
constexpr std::chrono::seconds end_within{2};
/// So long nobody wants a cell, then a missing spare is made: a session that starts goes first.
constexpr std::chrono::milliseconds spare_after{80};
constexpr std::string_view spare_prefix = ".spare-";
constexpr std::string_view gone_prefix = ".gone-"; ///< Of directories that are being removed.

/// Programs and process 1 of an image, read when its first cell starts.
struct LoadedImage {
    std::string recipe;
    std::string init;
    ProgramTable programs;
};

/// A cell without a name.
struct Spare {
    std::string place;
    std::string recipe; ///< Of the image that it was born from.
    Descriptor socket;  ///< The broker's end.
    bool born = false;  ///< It has said that its process 1 is ready.
};

class Launcher {
  public:
    Launcher(const LauncherPlan& plan, Descriptor socket)
        : plan_{plan}, socket_{std::move(socket)} {}

    void run();

  private:
    Result<const LoadedImage*> image(const std::string& name);
    Result<Descriptor> launch(const std::string& id, const std::string& persona, bool only_old);
    Result<Descriptor>
    start(const std::string& id, const persona::Persona& persona, const LoadedImage& image);
    std::optional<Descriptor>
    take_spare(const std::string& id, const std::string& persona, const LoadedImage& image);
    void make_spares();

    void wait();
    bool handle(const process::Message& message);

    void remove(const std::string& place);
    void clean();

    const LauncherPlan& plan_;
    Descriptor socket_;
    std::map<std::string, LoadedImage> images_;
    std::map<std::string, Spare> spares_;
    std::chrono::steady_clock::time_point cleaned_ = std::chrono::steady_clock::now();
    bool misses_spare_ = false; ///< Cells were asked for since spares were made.
    unsigned slot_ = 0;
    unsigned removed_ = 0;
};

/// The directory of a cell, held with a lock for as long as this or a copy of it is open. A
/// supervisor that is just ending is waited for `within`.
Result<Descriptor> hold(const std::string& place, std::chrono::milliseconds within = {}) {
    constexpr std::chrono::milliseconds pause{5};
    Descriptor directory{::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    for (; directory.valid(); within -= pause) {
        if (::flock(directory.get(), LOCK_EX | LOCK_NB) == 0) return directory;
        if (within <= pause) break;
        std::this_thread::sleep_for(pause);
    }
    return fail(Fault::refused, place + " is in use");
}

/// At once by name, so that a new cell may follow; the files in a child, as a large tree takes long
/// and nothing waits for it.
void Launcher::remove(const std::string& place) {
    const auto parent = fs::path{place}.parent_path();
    const auto gone =
        fmt::format("{}/{}{}-{}", parent.string(), gone_prefix, ::getpid(), removed_++);
    if (::rename(place.c_str(), gone.c_str()) != 0 || ::fork() != 0) return;
    std::error_code error;
    fs::remove_all(gone, error);
    ::_exit(0);
}

/// Removes what no running cell holds: cells that were idle too long or are too many, as after a
/// restart, and replaced images.
void Launcher::clean() {
    std::error_code error;
    std::vector<std::pair<std::int64_t, std::string>> kept;
    for (const auto& entry : fs::directory_iterator{"cells", error}) {
        struct stat used{};
        const bool known = ::stat((entry.path() / "made").c_str(), &used) == 0 &&
                           !entry.path().filename().string().starts_with('.');
        kept.emplace_back(known ? used.st_mtim.tv_sec : 0, entry.path().string());
    }
    std::ranges::sort(kept, std::greater{});
    const auto oldest = system_clock().now() / 1000000 - plan_.idle_seconds;
    for (std::size_t i = 0; i < kept.size(); ++i)
        if ((kept[i].first < oldest || i >= plan_.cells_max) && hold(kept[i].second))
            remove(kept[i].second);
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

Result<Descriptor> Launcher::launch(const std::string& id, const std::string& name, bool only_old) {
    const auto persona = plan_.personas.find(name);
    if (!is_cell_id(id) || persona == plan_.personas.end())
        return fail(Fault::refused, "there is no such persona");
    if (only_old && ::access(("cells/" + id).c_str(), F_OK) != 0)
        return fail(Fault::refused, "there is no such cell");
    TRY(const auto* loaded, image(persona->second.image));
    if (auto spare = take_spare(id, name, *loaded)) return std::move(*spare);
    return start(id, persona->second, *loaded);
}

Result<Descriptor>
Launcher::start(const std::string& id, const persona::Persona& persona, const LoadedImage& image) {
    TRY(auto ends, process::make_channel_pair());
    const auto host_keys = plan_.host_keys.find(persona.name);
    const CellPlan plan{.id = id,
                        .persona = persona,
                        .init = image.init,
                        .limits = plan_.limits,
                        .host_keys = host_keys == plan_.host_keys.end()
                                         ? std::span<const FabricatedFile>{}
                                         : host_keys->second,
                        .filter = plan_.filter,
                        .slot = slot_++};
    const auto place = "cells/" + id;
    ::mkdir("cells", 0700);
    ::mkdir(place.c_str(), 0711);
    // The supervisor has a copy of it, which ends with it.
    TRY(const auto held, hold(place, end_within));
    const pid_t child = ::fork();
    if (child < 0) return fail(Fault::refused, "fork");
    if (child == 0) {
        socket_.reset();
        ends.first.reset();
        spares_.clear();
        ::setsid(); // a scheduling group of its own: see Background
        ::_exit(run_supervisor(plan, image.programs, std::move(ends.second)));
    }
    return std::move(ends.first);
}

/// Nothing if the cell has files already, or there is no spare that lives.
std::optional<Descriptor>
Launcher::take_spare(const std::string& id, const std::string& persona, const LoadedImage& image) {
    const auto place = "cells/" + id;
    auto taken = spares_.extract(persona);
    if (taken.empty()) return std::nullopt;
    auto& spare = taken.mapped();
    pollfd born{spare.socket.get(), POLLIN, 0};
    const bool silent = ::poll(&born, 1, 0) == 0;
    if (!spare.born && !silent) {
        const auto said = process::receive_now(spare.socket.get());
        spare.born = said && said->kind == MessageKind::ready;
        born.revents = 0;
        ::poll(&born, 1, 0);
    }
    const bool gone = (static_cast<unsigned>(born.revents) & POLLHUP) != 0U;
    const bool usable = spare.born && !gone && spare.recipe == image.recipe;
    // It waits on: for a source that has no files yet, or until it is born.
    if ((usable && ::access(place.c_str(), F_OK) == 0) || (!spare.born && silent)) {
        spares_.insert(std::move(taken));
        return std::nullopt;
    }
    WireWriter out;
    out.bytes(id);
    if (usable && ::rename(spare.place.c_str(), place.c_str()) == 0 &&
        process::send_now(spare.socket.get(), MessageKind::cell_launch, std::move(out).take()))
        return std::move(spare.socket);
    remove(spare.place);
    return std::nullopt;
}

void Launcher::make_spares() {
    for (const auto& name : plan_.spares) {
        const auto persona = plan_.personas.find(name);
        if (spares_.contains(name) || persona == plan_.personas.end()) continue;
        const auto loaded = image(persona->second.image);
        if (!loaded) continue; // the first session says what is wrong
        const auto id = fmt::format("{}{}-{}", spare_prefix, ::getpid(), slot_);
        if (auto started = start(id, persona->second, **loaded))
            spares_.emplace(name,
                            Spare{"cells/" + id, (*loaded)->recipe, std::move(*started), false});
    }
}

/// Until the broker's next message, minding spares and old cells meanwhile.
void Launcher::wait() {
    for (;;) {
        pollfd message{socket_.get(), POLLIN, 0};
        const auto pause = misses_spare_ ? spare_after : std::chrono::milliseconds{clean_every};
        const bool quiet = ::poll(&message, 1, static_cast<int>(pause.count())) == 0;
        if (quiet && std::exchange(misses_spare_, false)) make_spares();
        if (const auto now = std::chrono::steady_clock::now(); now - cleaned_ >= clean_every) {
            cleaned_ = now;
            clean();
        }
        if (message.revents != 0) return;
    }
}

/// False once the broker is gone.
bool Launcher::handle(const process::Message& message) {
    WireReader in{message.payload};
    const auto id = in.bytes();
    if (message.kind == MessageKind::cell_stop) {
        if (in.finish() && is_cell_id(id)) remove("cells/" + id);
        return true;
    }
    const auto persona = in.bytes();
    const bool only_old = in.u8() == 1;
    if (message.kind != MessageKind::cell_launch || !in.finish()) return true;
    WireWriter out;
    out.bytes(id);
    auto started = launch(id, persona, only_old);
    misses_spare_ = misses_spare_ || started || !only_old;
    const auto kind = started ? MessageKind::cell_launched : MessageKind::cell_failed;
    if (!started) out.bytes(started.error().detail());
    return process::send_now(socket_.get(), kind, std::move(out).take(),
                             started ? started->get() : -1)
        .has_value();
}

void Launcher::run() {
    clean();
    make_spares();
    for (;;) {
        wait();
        const auto message = process::receive_now(socket_.get());
        if (!message && message.error().kind() == Fault::malformed) continue;
        if (!message || !handle(*message)) return;
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
    launcher.run();
    return 0;
}

} // namespace skep::cell
