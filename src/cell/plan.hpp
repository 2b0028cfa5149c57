// Everything that is decided about one cell before it starts.
#pragma once

#include "cell/fabricate.hpp"
#include "persona/persona.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace skep::cell {

/// The limits of one cell: rows `cell_*` and `artifact_bytes` of limits.def.
struct CellLimits {
    std::int64_t processes = 128;
    std::int64_t memory_bytes = 268435456;
    std::int64_t disk_bytes = 536870912;
    std::int64_t files = 20000;
    std::int64_t open_files = 256;
    std::int64_t cpu_seconds = 600;
    std::int64_t sessions = 8;
    std::int64_t artifact_bytes = 104857600;
    std::int64_t text_bytes = 16384; ///< limits.event_text_bytes
};

/// A cell to start. The working directory of its supervisor is the state directory.
struct CellPlan {
    std::string id; ///< Directory below `cells/`: hexadecimal digits.
    const persona::Persona& persona;
    std::string init; ///< Path of process 1 in the image.
    CellLimits limits;
    std::span<const FabricatedFile> host_keys = {}; ///< Of the persona.
    int filter = -1; ///< The compiled call filter, shared by all cells.
    unsigned slot =
        0; ///< Small number, different for cells that live at the same time as far as possible.
};

} // namespace skep::cell
