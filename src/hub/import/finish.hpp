// How imported segments get into the store: by the hub that runs, or by ourselves.
#pragma once

#include "base/settings.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace skep::hub {

/// What the store says of one segment.
struct Stored {
    std::uint64_t lines = 0;
    std::uint64_t added = 0; ///< Were not there before.
    bool complete = false;
};

/// By segment name. Reads what the hub tells (hub/imports.json); empty if it never told anything.
std::map<std::string, Stored> read_imports(const std::string& state_directory);

/// Takes everything of the journal into the store, in this process. Fault::refused if another
/// process has the store open.
Result<void> ingest_here(const std::string& state_directory,
                         const Settings& settings,
                         const std::function<void(std::string_view)>& log);

/// Waits until the hub has taken `segments` in. Fault::timed_out if it makes no progress for a
/// minute.
Result<void> wait_for_hub(const std::string& state_directory,
                          const std::vector<std::string>& segments,
                          const std::function<void(std::uint64_t lines)>& on_progress);

} // namespace skep::hub
