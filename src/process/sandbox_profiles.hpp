// Which system calls each profile allows, as rows with a reason.
#pragma once

#include "process/sandbox.hpp"

#include <span>

namespace skep::process {

struct AllowedCall {
    const char* name;  ///< As seccomp_syscall_resolve_name knows it.
    unsigned profiles; ///< Bits of `bit(Profile)`.
    const char* reason;
};

constexpr unsigned bit(Profile profile) {
    return 1U << static_cast<unsigned>(profile);
}

/// The rows of the allowlist profiles: sensor, recorder, hub.
std::span<const AllowedCall> allowed_calls();

/// Calls that no process of ours ever needs. The profiles cells and supervisor refuse just these: a
/// filter holds for every process below, so theirs must let through what an attacker's cell may do.
/// The cell's own allowlist (src/cell) stands behind it.
std::span<const char* const> never_allowed_calls();

} // namespace skep::process
