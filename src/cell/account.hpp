// Users of a cell, from its own tables: hostile text.
#pragma once

#include "cell/view.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace skep::cell {

struct CellAccount {
    std::int64_t uid = -1;
    std::int64_t gid = -1;
};

/// The first entry of /etc/passwd for `name`.
std::optional<CellAccount> find_account(const CellView& view, std::string_view name);

} // namespace skep::cell
