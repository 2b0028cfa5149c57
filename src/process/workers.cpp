#include "process/workers.hpp"

#include <algorithm>
#include <thread>

namespace skep::process {

std::size_t sensor_workers(const Settings& settings) {
    if (const auto chosen = settings.number("sensor.workers"); chosen > 0)
        return static_cast<std::size_t>(chosen);
    return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, sensor_workers_max);
}

std::size_t share_of(std::int64_t limit, std::size_t workers) noexcept {
    return (static_cast<std::size_t>(limit) + workers - 1) / workers;
}

} // namespace skep::process
