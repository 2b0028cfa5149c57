// The file system that a cell sees, put together by its supervisor before the cell's process 1
// starts.
#pragma once

#include "base/result.hpp"
#include "cell/plan.hpp"
#include "process/descriptor.hpp"

namespace skep::cell {

/// The supervisor's hold on a cell's file system.
struct CellTree {
    process::Descriptor
        base; ///< Root of the image, as a read-only mount of its own that has no path.
    process::Descriptor upper;  ///< What the attacker wrote.
    process::Descriptor inject; ///< A tmpfs without a path for fabricated files.
    bool is_new = false;        ///< The cell has no files yet.
};

/// Where the tree is mounted in the supervisor's own mount namespace.
constexpr const char* tree_mount = "/mnt";

/// Moves the launcher into a root directory with nothing but /proc, /dev, /state (what was its
/// working directory, and is again) and the mount points that cells need. The process must be root
/// of our user namespace.
Result<void> enter_minimal_root();

/// In a fresh mount namespace of the supervisor: mounts overlay, /dev, /run and /sys at tree_mount
/// and writes the files that make a new cell the persona's machine. /proc and /dev/pts come later,
/// from inside.
Result<CellTree> build_tree(const CellPlan& plan);

/// Inside the cell's namespaces: /dev/pts of its own, before process 1.
Result<void> mount_terminals();

/// In process 1: /proc of its own process namespace, read-only; then the tree becomes the root
/// directory. The next process gets the number after `first_pid`.
Result<void> enter_tree(unsigned first_pid);

} // namespace skep::cell
