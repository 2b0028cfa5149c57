// What an execve would run, decided from its path before the kernel does it.
//
// The decision makes the answer plausible; it is not what keeps foreign code from running, because
// the path lies in memory that another thread may change. That is Tracer's check of what the kernel
// has really mapped.
#pragma once

#include "cell/view.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace skep::cell {

enum class Verdict : unsigned char {
    base,    ///< A program of the image, or a copy of one.
    script,  ///< Text for an interpreter of the image.
    foreign, ///< Machine code that is not the image's, for this machine: must not run.
    absent,  ///< Nothing there.
    unable,  ///< The kernel will refuse it by itself: no permission, a directory, another machine's
             ///< code.
};

std::string_view name(Verdict verdict);

struct Judgement {
    Verdict verdict = Verdict::absent;
    std::string instead; ///< Path that must be executed in place of the wanted one; empty for the
                         ///< wanted one.
    std::vector<Place> to_keep; ///< Files to capture.
};

/// `arguments` are looked at where the program is the dynamic linker.
Judgement judge(const CellView& view,
                const Caller& caller,
                Place place,
                const std::vector<std::string>& arguments,
                int depth = 0);

} // namespace skep::cell
