// The unprivileged user that a deployment started by root belongs to.
#pragma once

#include "base/result.hpp"

#include <string>

namespace skep::apps {

/// Subordinate ids that cells need: one for each id of a cell below 65536.
constexpr long subordinate_ids_min = 65536;

/// Makes the system user `name` without a login, with ranges of subordinate user and group ids, or
/// completes one that has none. Needs root. Fault::refused with what could not be done.
Result<void> make_system_user(const std::string& name);

/// How many ids /etc/subuid (or /etc/subgid, by `file`) gives to `name` in one range, 0 if none.
long subordinate_ids(const std::string& file, const std::string& name);

} // namespace skep::apps
