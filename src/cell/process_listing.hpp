// The directory that a cell's programs read when they list /proc.
//
// The kernel's own shows the processes of the cell only. Who opens it for reading gets another one,
// on the file system for fabricated files, with the same name, the kernel's entries and the
// made-up processes among them; what is then opened in it is answered by its path.
#pragma once

#include "cell/process_table.hpp"
#include "process/descriptor.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace skep::cell {

/// A place at or below /proc/PID.
struct ProcessPlace {
    pid_t pid = 0;
    bool in_task = false; ///< Below task/PID.
    std::string key;      ///< What follows, as `stat` or `fd/3`; empty for the directory itself.
};

/// Of a path without links; nothing if it is no such place. Tasks other than the first have none.
std::optional<ProcessPlace> process_place(std::string_view path);

class ProcessListing {
  public:
    /// `inject`: root of the file system for fabricated files. `root`: the cell's.
    ProcessListing(int inject, int root);

    /// /proc as it is now; invalid if it cannot be made.
    process::Descriptor open(const ProcessTable& table);

    enum class Fill : bool { no, yes };

    /// A directory of a process, for reading with what it holds: its own, or fd, task, net or the
    /// like below. Invalid if it has none of that name.
    process::Descriptor
    open_directory(const MachineProcess& process, const ProcessPlace& at, Fill fill = Fill::yes);

    /// The status of /proc as its readers see it. False before anything has been listed.
    bool status(struct stat& info) const;

    /// The same for a place of a made-up process; false if there is no such place.
    bool status_of(const MachineProcess& process, const ProcessPlace& at, struct stat& info);

  private:
    void rebuild(const std::vector<std::string>& wanted);

    int inject_;
    int root_;
    bool newest_first_ = false;       ///< How this kernel lists such a directory: before Linux 6.6.
    std::vector<std::string> listed_; ///< Numbers, rising.
};

/// Where a link of a made-up process leads, by its key below the process's directory: exe, cwd,
/// root, fd/3. Empty if there is none.
std::string link_target(const MachineProcess& process, std::string_view key);

} // namespace skep::cell
