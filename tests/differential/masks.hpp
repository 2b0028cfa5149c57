// What may differ between two runs of the same server, by name and with a reason.
#pragma once

#include <string>

namespace skep::tests {

/// `bytes` of a dialog without what changes from run to run; `ended` by the server. The masks are
/// listed in masks.cpp.
std::string mask(std::string bytes, bool ended);

} // namespace skep::tests
