// How often one address may do something.
#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace skep::hub {

/// A bucket for each key that holds `per_minute` tokens and refills evenly. The number of keys is
/// bounded: when it is reached, the fullest buckets are forgotten first. Used by one thread.
class RateLimiter {
  public:
    explicit RateLimiter(std::int64_t per_minute, std::size_t keys_max = 10'000)
        : per_minute_{per_minute}, keys_max_{keys_max} {}

    /// Takes one token; 0 if there was one, else the seconds until there will be one.
    std::int64_t take(std::string_view key, Micros now);

    std::size_t keys() const noexcept { return buckets_.size(); }

  private:
    struct Bucket {
        double tokens;
        Micros filled;
    };

    void refill(Bucket& bucket, Micros now) const;
    void make_room(Micros now);

    std::int64_t per_minute_;
    std::size_t keys_max_;
    std::unordered_map<std::string, Bucket> buckets_;
};

/// What counts as one address: all of IPv4, the first 64 bits of IPv6 (one owner has them all).
std::string rate_key(std::string_view address);

} // namespace skep::hub
