#include "cell/tree.hpp"

#include "cell/fabricate.hpp"
#include "process/user_namespace.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/mount.h>
#include <string>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace skep::cell {
namespace {

using process::Descriptor;

constexpr unsigned open_tree_clone = 1;
constexpr unsigned open_tree_cloexec = O_CLOEXEC;

std::string why(std::string_view what) {
    return fmt::format("{}: {}", what, std::strerror(errno)); // NOLINT(concurrency-mt-unsafe)
}

Result<void> mount_at(const char* source,
                      const std::string& target,
                      const char* type,
                      unsigned long flags,
                      const std::string& options) {
    if (::mount(source, target.c_str(), type, flags, options.empty() ? nullptr : options.c_str()) !=
        0)
        return fail(Fault::refused,
                    why(fmt::format("mount {} at {}", type == nullptr ? source : type, target)));
    return {};
}

/// A copy of a mount that has no place in any tree: paths in it start at its own root.
Descriptor detached(const char* path) {
    return Descriptor{static_cast<int>(
        ::syscall(SYS_open_tree, AT_FDCWD, path, open_tree_clone | open_tree_cloexec))};
}

/// Files made while this lives belong to the cell's root.
class AsCellRoot {
  public:
    AsCellRoot() {
        ::setfsgid(process::cell_id_first);
        ::setfsuid(process::cell_id_first);
    }

    ~AsCellRoot() {
        ::setfsuid(0);
        ::setfsgid(0);
    }

    AsCellRoot(const AsCellRoot&) = delete;
    AsCellRoot& operator=(const AsCellRoot&) = delete;
};

Result<void> make_cell_directory(const CellPlan& plan, CellTree& tree) {
    const auto place = "cells/" + plan.id; // made and held by the launcher
    const auto upper_path = place + "/upper";
    const auto work = place + "/work";
    if (::mkdir(upper_path.c_str(), 0755) == 0) {
        tree.is_new = true;
        if (::chown(upper_path.c_str(), process::cell_id_first, process::cell_id_first) != 0)
            return fail(Fault::refused, why(place));
    }
    ::mkdir(work.c_str(), 0700);
    // A supervisor that was killed between mkdir and the last file leaves no mark; the files are
    // then written again.
    if (::access((place + "/made").c_str(), F_OK) != 0) tree.is_new = true;
    tree.upper = Descriptor{::open(upper_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!tree.upper.valid()) return fail(Fault::refused, why(upper_path));
    return {};
}

Result<void> mount_root(const CellPlan& plan, CellTree& tree) {
    const auto lower = fmt::format("/images/{}/rootfs", plan.persona.image);
    const auto options =
        fmt::format("lowerdir={},upperdir=cells/{}/upper,workdir=cells/{}/work,userxattr", lower,
                    plan.id, plan.id);
    if (auto done = mount_at("overlay", tree_mount, "overlay", 0, options); !done) return done;
    if (auto done = mount_at(lower.c_str(), "/base", nullptr, MS_BIND, ""); !done) return done;
    if (auto done = mount_at("none", "/base", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, ""); !done)
        return done;
    tree.base = detached("/base");
    if (!tree.base.valid()) return fail(Fault::refused, why("open_tree"));
    if (auto done = mount_at("tmpfs", "/inject", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                             "size=8m,mode=755,uid=1,gid=1");
        !done)
        return done;
    tree.inject = detached("/inject");
    if (!tree.inject.valid()) return fail(Fault::refused, why("open_tree"));
    return {};
}

void set_time(const std::string& path, std::int64_t when) {
    const std::array<timespec, 2> times{timespec{when, 40000000}, timespec{when, 40000000}};
    ::utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
}

Result<void> make_devices(const CellPlan& plan) {
    const std::string dev = std::string{tree_mount} + "/dev";
    if (auto done = mount_at("udev", dev, "tmpfs", MS_NOEXEC, "size=4m,mode=755,uid=1,gid=1");
        !done)
        return done;
    {
        const AsCellRoot owner;
        ::umask(0);
        for (const char* name : {"null", "zero", "full", "random", "urandom", "tty", "ptmx"})
            Descriptor{::open(fmt::format("{}/{}", dev, name).c_str(),
                              O_WRONLY | O_CREAT | O_CLOEXEC, 0666)};
        ::mkdir((dev + "/pts").c_str(), 0755);
        ::mkdir((dev + "/shm").c_str(), 0755);
        constexpr std::array<std::array<const char*, 2>, 5> links{{{"/proc/self/fd", "fd"},
                                                                   {"/proc/self/fd/0", "stdin"},
                                                                   {"/proc/self/fd/1", "stdout"},
                                                                   {"/proc/self/fd/2", "stderr"},
                                                                   {"/proc/kcore", "core"}}};
        for (const auto& [target, name] : links) {
            const auto place = fmt::format("{}/{}", dev, name);
            if (::symlink(target, place.c_str()) != 0 && errno != EEXIST)
                return fail(Fault::refused, why(name));
            set_time(place, plan.persona.boot_time);
        }
        ::umask(022);
        set_time(dev, plan.persona.boot_time);
    }
    for (const char* name : {"null", "zero", "full", "random", "urandom", "tty"}) {
        const auto source = fmt::format("/dev/{}", name);
        if (auto done =
                mount_at(source.c_str(), fmt::format("{}/{}", dev, name), nullptr, MS_BIND, "");
            !done)
            return done;
    }
    return mount_at("tmpfs", dev + "/shm", "tmpfs", MS_NODEV | MS_NOSUID,
                    "size=16m,nr_inodes=2000,mode=1777,uid=1,gid=1");
}

Result<void>
write_file(const std::string& path, std::string_view content, mode_t mode, std::int64_t when) {
    for (auto slash = path.find('/', std::strlen(tree_mount) + 1); slash != std::string::npos;
         slash = path.find('/', slash + 1))
        ::mkdir(path.substr(0, slash).c_str(), 0755);
    if (path.ends_with('/')) return {};
    const Descriptor file{
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode)};
    if (!file.valid() ||
        ::write(file.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()))
        return fail(Fault::refused, why(path));
    if (when != 0) {
        const std::array<timespec, 2> times{timespec{when, 0}, timespec{when, 0}};
        ::futimens(file.get(), times.data());
    }
    return {};
}

Result<void> make_sys(const CellPlan& plan) {
    const std::string sys = std::string{tree_mount} + "/sys";
    if (auto done = mount_at("sysfs", sys, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                             "size=4m,mode=555,uid=1,gid=1");
        !done)
        return done;
    {
        const AsCellRoot owner;
        ::chmod(sys.c_str(), 0755);
        for (const auto& file : fabricated_sys(plan.persona))
            if (auto done = write_file(sys + file.path, file.content, file.mode, 0); !done)
                return done;
        ::chmod(sys.c_str(), 0555);
        set_time(sys, plan.persona.boot_time);
    }
    return mount_at("none", sys, nullptr,
                    MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
}

Result<void> make_run(const CellPlan& plan) {
    const std::string run = std::string{tree_mount} + "/run";
    if (::access(run.c_str(), F_OK) != 0) return {};
    const auto size =
        fmt::format("size={}k,nr_inodes=4000,mode=755,uid=1,gid=1", plan.persona.memory_kib / 10);
    if (auto done = mount_at("tmpfs", run, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, size); !done)
        return done;
    const AsCellRoot owner;
    for (const auto& file : fabricated_run(plan.persona))
        if (auto done =
                write_file(run + file.path, file.content, file.mode, plan.persona.boot_time + 3);
            !done)
            return done;
    return {};
}

/// The files by which an image becomes the persona's machine. Only in a cell that no attacker has
/// been in yet.
Result<void> write_identity(const CellPlan& plan, const CellTree& tree) {
    if (!tree.is_new) return {};
    struct stat root{};
    if (::fstatat(tree.base.get(), ".", &root, 0) != 0) return fail(Fault::refused, why("image"));
    {
        const AsCellRoot owner;
        auto files = fabricated_etc(plan.persona);
        files.insert(files.end(), plan.host_keys.begin(), plan.host_keys.end());
        for (const auto& file : files)
            if (auto done = write_file(tree_mount + file.path, file.content, file.mode,
                                       root.st_mtim.tv_sec + file.age_seconds);
                !done)
                return done;
        for (const char* place : {"/etc", ""}) {
            const std::array<timespec, 2> times{timespec{root.st_mtim.tv_sec, 77},
                                                timespec{root.st_mtim.tv_sec + 4321, 0}};
            ::utimensat(AT_FDCWD, (std::string{tree_mount} + place).c_str(), times.data(), 0);
        }
    }
    const Descriptor mark{::open(fmt::format("cells/{}/made", plan.id).c_str(),
                                 O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
    // What `skep cell diff` compares with.
    const auto& image = plan.persona.image;
    if (::write(mark.get(), image.data(), image.size()) != static_cast<ssize_t>(image.size()))
        return fail(Fault::refused, why("made"));
    return {};
}

/// The tree in which this process now stands becomes its root.
Result<void> pivot_here() {
    if (::syscall(SYS_pivot_root, ".", ".") != 0 || ::umount2(".", MNT_DETACH) != 0 ||
        ::chdir("/") != 0)
        return fail(Fault::refused, why("pivot_root"));
    return {};
}

} // namespace

Result<void> enter_minimal_root() {
    const Descriptor state{::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    ::mkdir("images", 0755);
    const Descriptor images{
        ::open("images", O_PATH | O_DIRECTORY | O_CLOEXEC)}; // it may be a link to another place
    const auto images_path = fmt::format("/proc/self/fd/{}", images.get());
    const auto state_path = fmt::format("/proc/self/fd/{}", state.get());
    const std::string root = "/tmp";
    if (auto done = mount_at("tmpfs", root, "tmpfs", MS_NOSUID, "size=1m,mode=755"); !done)
        return done;
    for (const char* place : {"/proc", "/dev", "/state", "/mnt", "/base", "/inject", "/images"})
        if (::mkdir((root + place).c_str(), 0755) != 0) return fail(Fault::refused, why(place));
    if (auto done = mount_at("/proc", root + "/proc", nullptr, MS_BIND | MS_REC, ""); !done)
        return done;
    if (auto done = mount_at("/dev", root + "/dev", nullptr, MS_BIND | MS_REC, ""); !done)
        return done;
    if (auto done = mount_at(state_path.c_str(), root + "/state", nullptr, MS_BIND, ""); !done)
        return done;
    if (auto done = mount_at(images_path.c_str(), root + "/images", nullptr, MS_BIND, ""); !done)
        return done;
    if (::chdir(root.c_str()) != 0) return fail(Fault::refused, why(root));
    if (auto done = pivot_here(); !done) return done;
    if (::chdir("/state") != 0) return fail(Fault::refused, why("/state"));
    return {};
}

Result<CellTree> build_tree(const CellPlan& plan) {
    CellTree tree;
    if (auto done = make_cell_directory(plan, tree); !done) return std::unexpected{done.error()};
    if (auto done = mount_root(plan, tree); !done) return std::unexpected{done.error()};
    if (auto done = write_identity(plan, tree); !done) return std::unexpected{done.error()};
    if (auto done = make_devices(plan); !done) return std::unexpected{done.error()};
    if (auto done = make_sys(plan); !done) return std::unexpected{done.error()};
    if (auto done = make_run(plan); !done) return std::unexpected{done.error()};
    return tree;
}

Result<void> mount_terminals() {
    const std::string pts = std::string{tree_mount} + "/dev/pts";
    if (auto done = mount_at("devpts", pts, "devpts", MS_NOSUID | MS_NOEXEC,
                             "newinstance,gid=5,mode=620,ptmxmode=666");
        !done)
        return done;
    return mount_at((pts + "/ptmx").c_str(), std::string{tree_mount} + "/dev/ptmx", nullptr,
                    MS_BIND, "");
}

Result<void> enter_tree(unsigned first_pid) {
    const std::string proc = std::string{tree_mount} + "/proc";
    constexpr unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (auto done = mount_at("proc", proc, "proc", flags, ""); !done) return done;
    // A machine that has been up for weeks has used many process numbers.
    const auto pids = std::to_string(first_pid);
    Descriptor last{::open((proc + "/sys/kernel/ns_last_pid").c_str(), O_WRONLY | O_CLOEXEC)};
    if (!last.valid() || ::write(last.get(), pids.data(), pids.size()) < 0)
        return fail(Fault::refused, why("ns_last_pid"));
    last.reset(); // a file open for writing keeps a mount writable
    // Read-only by mount, so that /proc/PID/mem takes no write whatever a program does to the
    // supervisor's checks.
    if (auto done = mount_at("none", proc, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, "");
        !done)
        return done;
    if (auto done = mount_at(tree_mount, tree_mount, nullptr, MS_BIND | MS_REC, ""); !done)
        return done;
    if (::chdir(tree_mount) != 0) return fail(Fault::refused, why(tree_mount));
    return pivot_here();
}

} // namespace skep::cell
