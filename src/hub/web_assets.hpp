// The dashboard's files as they are embedded in the binary. Defined by cmake/web.cmake's target
// skep_web, or empty where the dashboard was left out of the build.
#pragma once

#include <span>
#include <string_view>

namespace skep::hub {

struct Asset {
    std::string_view path;   ///< As it is asked for: `/index.html`, `/assets/index-abc.js`.
    std::string_view type;   ///< Its Content-Type.
    std::string_view bytes;  ///< Live as long as the process.
    bool compressed = false; ///< `bytes` is gzip; every browser takes it.
};

/// Sorted by path or not; a few dozen entries.
std::span<const Asset> web_assets();

} // namespace skep::hub
