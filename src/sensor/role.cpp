#include "sensor/role.hpp"

#include "process/sandbox.hpp"
#include "sensor/sensor.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <array>
#include <csignal>
#include <unistd.h>

namespace skep::sensor {
namespace {

Result<void> give_up_the_rest() {
    if (auto dropped = process::drop_privileges(); !dropped) return dropped;
    if (auto files = process::restrict_files({}); !files)
        fmt::print(stderr, "warning sensor: {}\n", files.error().detail());
    return process::restrict_calls(process::Profile::sensor);
}

} // namespace

int run(const process::RoleContext& context) {
    ::signal(SIGPIPE, SIG_IGN); // a program may end before it has read what a peer sends it
    boost::asio::io_context io{1};
    auto made = Sensor::make(io, context);
    if (!made) {
        fmt::print(stderr, "error sensor: {}\n", made.error().detail());
        return 1;
    }
    auto& sensor = **made;
    if (auto given = give_up_the_rest(); !given) {
        fmt::print(stderr, "error sensor: sandbox: {}\n", given.error().detail());
        return 1;
    }
    sensor.start();
    io.run();
    return 0;
}

} // namespace skep::sensor
