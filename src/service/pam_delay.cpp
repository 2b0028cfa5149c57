#include "service/pam_delay.hpp"

#include "base/crypto/random.hpp"

namespace skep::service {

Micros pam_fail_delay(Micros base) {
    constexpr std::uint64_t steps = 1'000'000;
    std::uint64_t sum = 0;
    for (int i = 0; i < 3; ++i)
        sum += crypto::random_below(steps);
    return base / 2 + base * static_cast<Micros>(sum / 3) / static_cast<Micros>(steps);
}

} // namespace skep::service
