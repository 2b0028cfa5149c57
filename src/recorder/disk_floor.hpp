// How much free space is too little: first new files are no longer kept, then sessions are refused.
#pragma once

#include <cstdint>

namespace skep::recorder {

/// The two floors, with a margin so that a disk at the edge does not switch every second.
class DiskFloor {
  public:
    DiskFloor(std::uint64_t artifacts_bytes, std::uint64_t sessions_bytes)
        : artifacts_{.bytes = artifacts_bytes}, sessions_{.bytes = sessions_bytes} {}

    /// Below limits.disk_free_bytes_artifacts.
    bool no_artifacts() const noexcept { return artifacts_.reached; }

    /// Below limits.disk_free_bytes_sessions.
    bool no_sessions() const noexcept { return sessions_.reached; }

    /// Takes a new measurement.
    void update(std::uint64_t free_bytes) noexcept {
        artifacts_.update(free_bytes);
        sessions_.update(free_bytes);
    }

  private:
    struct Floor {
        std::uint64_t bytes;
        bool reached = false;

        /// A floor that was reached is left a twentieth above it.
        void update(std::uint64_t free_bytes) noexcept {
            reached = free_bytes < (reached ? bytes + bytes / 20 : bytes);
        }
    };

    Floor artifacts_;
    Floor sessions_;
};

} // namespace skep::recorder
