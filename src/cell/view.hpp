// A cell's files as its supervisor sees them, and the provenance rule: which of them are the base
// image's.
#pragma once

#include "base/result.hpp"
#include "cell/programs.hpp"
#include "process/descriptor.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>

namespace skep::cell {

/// A file that a path of a cell leads to, held without being opened.
struct Place {
    process::Descriptor file; ///< O_PATH; invalid if there is nothing at the path.
    std::string path; ///< As the cell sees it, without links; the wanted path if there is nothing.
    struct stat info{};
    std::uint64_t mount = 0;

    bool exists() const { return file.valid(); }

    bool regular() const { return exists() && S_ISREG(info.st_mode); }
};

/// Whose path it is: a process of the cell by its number in our own namespace, or 0 for nobody's.
struct Caller {
    pid_t pid = 0;
};

class CellView {
  public:
    /// `root` is the cell's root directory as its process 1 sees it.
    CellView(process::Descriptor root,
             process::Descriptor base,
             process::Descriptor upper,
             const ProgramTable& programs);

    /// The absolute path that `path` means for `caller`; empty if the kernel cannot name the
    /// directory, as its path is longer than PATH_MAX: the call must be refused then, as it cannot
    /// be judged. `directory` is a descriptor of the caller or AT_FDCWD.
    std::string absolute(const Caller& caller, int directory, const std::string& path) const;

    /// Follows `path` (absolute) inside the cell. Links of /proc that only the caller can follow
    /// are followed as the caller.
    Place find(const Caller& caller, const std::string& path, bool follow_last = true) const;

    /// A file that is open in the caller.
    Place open_file(const Caller& caller, int descriptor) const;

    /// Where a link of the supervisor's own /proc leads, as /proc/PID/exe.
    Place open_link(const std::string& link) const;

    /// Whether executing or mapping this file can only run code of the base image: it is on the
    /// overlay (or on the image's own mount), its path has no entry in the upper layer, and the
    /// image has this very file there.
    bool is_base(const Place& place) const;

    /// The same for a path and inode that the kernel has reported for a mapping.
    bool is_base_path(std::string_view path, std::uint64_t inode) const;

    /// The path of a base program with the same content as `place`; empty if there is none.
    std::string identical_program(const Place& place) const;

    /// Where that base program can be executed by `uid`: its own path, or through process 1 if the
    /// attacker covered it.
    std::string executable_path(const std::string& program) const;

    /// A descriptor for reading; invalid if it is no regular file. Never waits.
    static process::Descriptor open_for_reading(const Place& place);

    bool on_proc(const Place& place) const;

    /// Whether `path` (absolute) surely leads to a file that is not on /proc, or to none. A cheap
    /// answer for the many opens that are the kernel's business; false says nothing.
    bool is_elsewhere(const std::string& path, bool follow_last) const;

    int root() const { return root_.get(); }

    /// Of what the attacker wrote, for the calls that want a path. It does not follow the name of
    /// the cell's directory, which may change.
    const std::string& upper_path() const { return upper_path_; }

  private:
    Place hold(process::Descriptor file) const;
    bool is_same(const std::string& link, const std::string& path) const;
    Place walk(const Caller& caller, const std::string& path, bool follow_last) const;

    process::Descriptor root_;
    process::Descriptor base_;
    process::Descriptor upper_;
    std::string upper_path_;
    const ProgramTable& programs_;
    std::uint64_t root_mount_ = 0;
    std::uint64_t base_mount_ = 0;
    dev_t proc_device_ = 0;
};

} // namespace skep::cell
