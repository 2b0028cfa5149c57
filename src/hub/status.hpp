// What the hub knows of itself, for its status and the supervisor's.
#pragma once

#include <cstdint>
#include <string>

namespace skep::hub {

/// Figures of the network's thread; the ingest posts them there.
struct HubStatus {
    std::int64_t events = 0;    ///< In the store.
    std::int64_t added = 0;     ///< Since the start.
    std::int64_t lag_ms = 0;    ///< From an event to its searchability, of the last batch.
    std::int64_t bad_lines = 0; ///< Journal lines that could not be read, since the start.
    std::uint64_t store_bytes = 0;
    bool caught_up = false; ///< The whole journal is in the store.
    bool rebuilt = false;   ///< The store was made anew at the start.
    int pressure = 0;       ///< As the recorder tells it.
    std::string fault;      ///< Why the ingest does not go on; empty if it does.
};

} // namespace skep::hub
