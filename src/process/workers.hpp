// How many sensor processes a deployment has.
#pragma once

#include "base/settings.hpp"

#include <cstddef>

namespace skep::process {

/// Setting sensor.workers, or one for each processor that this process may use, at most
/// sensor_workers_max. Supervisor and sensors, who share their processors, come to the same number.
std::size_t sensor_workers(const Settings& settings);

constexpr std::size_t sensor_workers_max = 64;

/// What one of `workers` processes gets of a limit of the deployment: together at least that.
std::size_t share_of(std::int64_t limit, std::size_t workers) noexcept;

} // namespace skep::process
