#include "cell/id_space.hpp"

#include "process/descriptor.hpp"
#include "process/user_namespace.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace skep::cell {
namespace {

using process::Descriptor;

struct Pipe {
    Descriptor out;
    Descriptor in;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(Fault::refused, "pipe");
    return Pipe{Descriptor{ends[0]}, Descriptor{ends[1]}};
}

bool write_text(const std::string& path, const std::string& text) {
    const Descriptor file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
    return file.valid() &&
           ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// Forks, runs `work`, and brings its error back through a pipe.
Result<void> run_forked(const std::function<Result<void>()>& work) {
    TRY(auto words, make_pipe());
    const pid_t child = ::fork();
    if (child < 0) return fail(Fault::refused, "fork");
    if (child == 0) {
        words.out.reset();
        const auto done = work();
        if (!done) {
            const auto& text = done.error().detail();
            if (::write(words.in.get(), text.data(), text.size()) < 0) ::_exit(2);
        }
        ::_exit(done ? 0 : 1);
    }
    words.in.reset();
    std::string text;
    std::array<char, 512> part{};
    for (ssize_t count = 0; (count = ::read(words.out.get(), part.data(), part.size())) != 0;) {
        if (count < 0 && errno != EINTR) break;
        if (count > 0) text.append(part.data(), static_cast<std::size_t>(count));
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return fail(Fault::refused, text.empty() ? "a helper process ended" : text);
}

Result<void> become_cell_root() {
    TRY(auto ready, make_pipe());
    TRY(auto done, make_pipe());
    const pid_t self = ::getpid();
    const pid_t helper = ::fork();
    if (helper == 0) {
        char byte = 0;
        ready.in.reset();
        const bool go = ::read(ready.out.get(), &byte, 1) == 1;
        ::_exit(go && write_cell_maps(self) ? 0 : 1);
    }
    if (::unshare(CLONE_NEWUSER) != 0 || ::write(ready.in.get(), "g", 1) != 1)
        return fail(Fault::refused, "a user namespace inside ours");
    int status = 0;
    while (::waitpid(helper, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0) return fail(Fault::refused, "the maps of a cell");
    if (::setresgid(0, 0, 0) != 0 || ::setgroups(0, nullptr) != 0 || ::setresuid(0, 0, 0) != 0)
        return fail(Fault::refused, "ids of a cell");
    return {};
}

} // namespace

Result<void> write_cell_maps(int child) {
    const auto map = fmt::format("0 {} {}\n", process::cell_id_first, process::cell_id_count);
    if (!write_text(fmt::format("/proc/{}/uid_map", child), map) ||
        !write_text(fmt::format("/proc/{}/gid_map", child), map))
        return fail(Fault::refused,
                    fmt::format("maps of a cell: {}",
                                std::strerror(errno))); // NOLINT(concurrency-mt-unsafe)
    return {};
}

Result<void> run_as_namespace_root(const std::function<Result<void>()>& work) {
    return run_forked([&]() -> Result<void> {
        if (auto entered = process::enter_user_namespace(); !entered) return entered;
        return work();
    });
}

Result<void> run_with_cell_ids(const std::function<Result<void>()>& work) {
    return run_as_namespace_root([&]() -> Result<void> {
        if (auto become = become_cell_root(); !become) return become;
        return work();
    });
}

} // namespace skep::cell
