// For subcommands that look into the files of a cell.
#pragma once

#include "apps/subcommand.hpp"
#include "cell/changes.hpp"

namespace skep::apps {

/// The changes on the cell that is the first word. Becomes the deployment's user in its user
/// namespace, with the state directory as the current one. Fault::refused with a sentence.
Result<std::vector<cell::Change>> enter_and_compare(const Arguments& arguments);

} // namespace skep::apps
