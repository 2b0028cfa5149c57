// The seccomp filter of every cell, made once from calls.def.
#pragma once

#include "base/result.hpp"
#include "process/descriptor.hpp"

#include <span>
#include <string_view>

namespace skep::cell {

/// One row of calls.def.
struct CallRule {
    const char* name;
    std::string_view action;
    std::string_view reason;
};

std::span<const CallRule> call_rules();

/// The filter as BPF instructions in a memfd, for cell-init to install.
Result<process::Descriptor> make_call_filter();

} // namespace skep::cell
