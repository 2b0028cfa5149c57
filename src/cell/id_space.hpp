// Work on files with the owners that a cell sees.
#pragma once

#include "base/result.hpp"

#include <functional>

namespace skep::cell {

/// Runs `work` in a forked child whose ids 0 to 65534 are those of a cell and which is root there,
/// and waits for it. The child cannot reach files by path that only our user may reach: open what
/// it needs first. Its error is returned.
Result<void> run_with_cell_ids(const std::function<Result<void>()>& work);

/// Runs `work` in a forked child that is root of our user namespace, where it may read and remove
/// the files of every cell.
Result<void> run_as_namespace_root(const std::function<Result<void>()>& work);

/// Lets `child`, which has unshared its user namespace, be a cell: writes its maps. The caller must
/// be root of our user namespace.
Result<void> write_cell_maps(int child);

} // namespace skep::cell
