// For the tests of cells, which need a machine that can make them.
#pragma once

#include "cell/harness.hpp"

#include <catch2/catch.hpp>

namespace skep::cell::test {

/// False, with the reason as a warning, where cells cannot be made: the test is skipped.
inline bool can_run() {
    if (const auto reason = cells_unavailable(); !reason.empty()) {
        WARN("skipped: " << reason);
        return false;
    }
    return true;
}

} // namespace skep::cell::test
