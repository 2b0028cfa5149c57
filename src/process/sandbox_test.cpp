// Each check runs in a forked child, because a sandbox cannot be left.
#include "process/descriptor.hpp"
#include "process/sandbox.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace skep::process;
namespace fs = std::filesystem;

namespace {

/// The wait status of `body` in a child; its return value is the exit status.
int in_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

bool exited(int status, int code) {
    return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

/// A forbidden call ended the process, or was refused in a sanitizer build.
bool stopped(int status) {
    return (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) || exited(status, EPERM);
}

struct Directory {
    fs::path path = fs::temp_directory_path() / ("skep-sandbox-" + std::to_string(::getpid()));

    Directory() { fs::create_directories(path / "in"); }

    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    ~Directory() { fs::remove_all(path); }
};

int can_create(const fs::path& path) {
    const Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
    return file.valid() ? 0 : errno;
}

} // namespace

TEST_CASE("after drop_privileges there is no way to new privileges") {
    const int status = in_child([] {
        if (!drop_privileges()) return 1;
        if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 2;
        if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return 3;
        return ::chroot("/") == 0 ? 4 : 0; // needs CAP_SYS_CHROOT
    });
    CHECK(exited(status, 0));
}

TEST_CASE("Landlock leaves only the named directories") {
    const Directory directory;
    const auto check = [&](const fs::path& target) {
        return in_child([&] {
            FileRules rules;
            rules.write.push_back((directory.path / "in").string());
            if (!drop_privileges() || !restrict_files(rules)) return 200;
            return can_create(target);
        });
    };
    CHECK(exited(check(directory.path / "in" / "file"), 0));
    CHECK(exited(check(directory.path / "out"), EACCES));
    CHECK(exited(in_child([&] {
                     if (!drop_privileges() || !restrict_files({})) return 200;
                     return ::open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
                 }),
                 EACCES));
}

TEST_CASE("confine_to leaves whole directories as they were and closes all else") {
    const Directory directory;
    fs::create_directories(directory.path / "in" / "one");
    fs::create_directories(directory.path / "in" / "two");
    const auto check = [&](const std::function<int()>& use) {
        return in_child([&] {
            const Descriptor place{
                ::open((directory.path / "in").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
            const int places[] = {place.get()};
            if (!drop_privileges() || !confine_to(places)) return 200;
            return use();
        });
    };
    CHECK(exited(check([&] { return can_create(directory.path / "in" / "file"); }), 0));
    CHECK(exited(check([&] {
                     const auto from = directory.path / "in" / "one" / "file";
                     const auto to = directory.path / "in" / "two" / "file";
                     if (const int error = can_create(from); error != 0) return error;
                     return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
                 }),
                 0));
    CHECK(exited(check([&] { return can_create(directory.path / "out"); }), EACCES));
    CHECK(exited(check([] { return ::open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? errno : 0; }),
                 EACCES));
}

TEST_CASE("the profiles end a process that leaves its job") {
    const auto forbidden = [](Profile profile, const std::function<int()>& call) {
        return in_child([&] {
            if (!drop_privileges() || !restrict_calls(profile)) return 200;
            return call() < 0 ? errno : 0;
        });
    };
    for (const auto profile : {Profile::sensor, Profile::recorder, Profile::hub}) {
        CHECK(stopped(forbidden(profile, [] { return ::socket(AF_INET, SOCK_STREAM, 0); })));
        CHECK(stopped(forbidden(profile, [] { return ::execl("/bin/true", "true", nullptr); })));
        CHECK(stopped(forbidden(profile, [] { return static_cast<int>(::fork()); })));
        CHECK(stopped(forbidden(profile, [] { return ::kill(::getppid(), 0); })));
        CHECK(stopped(forbidden(profile, [] {
            return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                          0) == MAP_FAILED
                       ? -1
                       : 0;
        })));
    }
    CHECK(stopped(
        forbidden(Profile::sensor, [] { return ::open("/etc/passwd", O_RDONLY | O_CLOEXEC); })));
    CHECK(exited(
        forbidden(Profile::sensor, [] { return static_cast<int>(::write(STDERR_FILENO, "", 0)); }),
        0));
}
