// Which user our processes are.
#pragma once

#include "base/result.hpp"

#include <string>

namespace skep::process {

/// Makes `directory` the current one. Fault::refused with its name.
Result<void> enter_directory(const std::string& directory);

/// Makes `directory` (mode 0700) the current directory and, if this process is root, everything in
/// it `user`'s, then becomes that user for good with no other group. As another user than root it
/// only changes the directory.
///
/// Working from the current directory matters: its parents (root's home, say) may be closed to
/// `user`. Fault::refused with what to do if the user does not exist, is root, or the directory
/// cannot be entered.
Result<void> become_user(const std::string& user, const std::string& directory);

} // namespace skep::process
