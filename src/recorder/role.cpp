#include "recorder/role.hpp"

#include "process/sandbox.hpp"
#include "recorder/recorder.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

namespace skep::recorder {
namespace {

Result<void> give_up_the_rest(const std::string& state_directory) {
    if (auto dropped = process::drop_privileges(); !dropped) return dropped;
    const process::FileRules rules{.read = {}, .write = written_directories(state_directory)};
    if (auto files = process::restrict_files(rules); !files)
        fmt::print(stderr, "warning recorder: {}\n", files.error().detail());
    return process::restrict_calls(process::Profile::recorder);
}

} // namespace

int run(const process::RoleContext& context) {
    boost::asio::io_context io{1};
    process::Child child{io, context};
    Surroundings around;
    around.state_directory = context.state_directory;
    around.report = [&](std::string_view name, std::uint64_t value) { child.report(name, value); };
    around.notice = [&](std::string_view name, std::string_view text) { child.notice(name, text); };
    auto recorder = Recorder::open(io, context.settings, std::move(around));
    if (!recorder) {
        fmt::print(stderr, "error recorder: {}\n", recorder.error().detail());
        return 1;
    }
    if (auto given = give_up_the_rest(context.state_directory); !given) {
        fmt::print(stderr, "error recorder: sandbox: {}\n", given.error().detail());
        return 1;
    }
    child.on_peer = [&](const std::string& name, process::Descriptor socket) {
        (*recorder)->attach(name, std::move(socket));
    };
    child.on_stop = [&] { (*recorder)->stop([&io] { io.stop(); }); };
    (*recorder)->start();
    child.start();
    child.ready();
    io.run();
    return 0;
}

} // namespace skep::recorder
