#include "hub/rate_limiter.hpp"

#include <algorithm>
#include <cmath>

namespace skep::hub {
namespace {

constexpr double minute_micros = 60e6;

} // namespace

void RateLimiter::refill(Bucket& bucket, Micros now) const {
    const auto capacity = static_cast<double>(per_minute_);
    const auto passed = static_cast<double>(std::max<Micros>(now - bucket.filled, 0));
    bucket.tokens = std::min(capacity, bucket.tokens + passed * capacity / minute_micros);
    bucket.filled = now;
}

/// A full bucket says nothing. If none is full, the quarter that is nearest to it goes.
void RateLimiter::make_room(Micros now) {
    const auto capacity = static_cast<double>(per_minute_);
    for (auto& [key, bucket] : buckets_)
        refill(bucket, now);
    std::erase_if(buckets_, [&](const auto& entry) { return entry.second.tokens >= capacity; });
    for (double least = capacity * 3 / 4; buckets_.size() >= keys_max_; least -= capacity / 4)
        std::erase_if(buckets_, [&](const auto& entry) { return entry.second.tokens >= least; });
}

std::int64_t RateLimiter::take(std::string_view key, Micros now) {
    auto found = buckets_.find(std::string{key});
    if (found == buckets_.end()) {
        if (buckets_.size() >= keys_max_) make_room(now);
        found = buckets_.emplace(key, Bucket{static_cast<double>(per_minute_), now}).first;
    }
    auto& bucket = found->second;
    refill(bucket, now);
    if (bucket.tokens >= 1) {
        bucket.tokens -= 1;
        return 0;
    }
    const auto missing = (1 - bucket.tokens) * 60 / static_cast<double>(per_minute_);
    return std::max<std::int64_t>(1, std::llround(std::ceil(missing)));
}

std::string rate_key(std::string_view address) {
    if (!address.contains(':')) return std::string{address};
    std::size_t end = 0;
    for (int group = 0; group < 4 && end != std::string_view::npos; ++group)
        end = address.find(':', end == 0 ? 0 : end + 1);
    return std::string{address.substr(0, end)};
}

} // namespace skep::hub
