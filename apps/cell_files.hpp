// For subcommands that look into the files of a cell.
#pragma once

#include "apps/subcommand.hpp"
#include "cell/changes.hpp"

namespace skep::apps {

constexpr std::string_view not_whole = "directories more than 256 deep were left out";

/// The changes on the cell that is the first word. Becomes the deployment's user in its user
/// namespace, with the state directory as the current one. Fault::refused with a sentence.
Result<cell::Changes> enter_and_compare(const Arguments& arguments);

} // namespace skep::apps
