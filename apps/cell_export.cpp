// `skep cell export`: the same as a tar file.
#include "apps/cell_files.hpp"
#include "apps/subcommand.hpp"
#include "cell/cell_id.hpp"
#include "process/descriptor.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace skep::apps::cell_export {
namespace {

int run(const Arguments& arguments) {
    if (arguments.words.size() != 2 || !cell::is_cell_id(arguments.words[0]))
        return complain("name one cell and the file to write, or - for standard output", 2);
    const bool standard = arguments.words[1] == "-";
    if (standard && ::isatty(STDOUT_FILENO) == 1)
        return complain("a tar file of an attacker's names does not go to a terminal", 2);
    // While we are who we are: the deployment's user may not write there.
    const auto& file = arguments.words[1];
    const process::Descriptor output{
        standard ? ::dup(STDOUT_FILENO)
                 : ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (!output.valid())
        return complain(fmt::format("{}: {}", file,
                                    std::strerror(errno))); // NOLINT(concurrency-mt-unsafe)
    const auto changes = enter_and_compare(arguments);
    auto done = changes ? cell::export_changes(arguments.words[0], changes->list, output.get())
                        : Result<void>{std::unexpected{changes.error()}};
    if (done) return changes->whole ? 0 : complain(not_whole);
    if (!standard) ::ftruncate(output.get(), 0); // what is there is not whole
    return complain(done.error().detail());
}

constexpr std::array options{state_option};

} // namespace

extern const Subcommand entry{.name = "cell export",
                              .summary = "Write what an attacker changed as a tar file; deleted "
                                         "files are empty ones named .wh.NAME.",
                              .words = "CELL FILE",
                              .options = options,
                              .example = "skep cell export 4be1c9d25a60f7e3 cell.tar --state "
                                         "./state",
                              .run = run};

} // namespace skep::apps::cell_export
