#include "hub/live_feed.hpp"

#include <algorithm>

namespace skep::hub {

void LiveFeed::publish(std::vector<LiveEvent> events) {
    for (auto& event : events) {
        last_ = std::max(last_, event.seq);
        bytes_ += event.json.size();
        events_.push_back(std::move(event));
        while (events_.size() > events_max_ || (bytes_ > bytes_max_ && events_.size() > 1)) {
            bytes_ -= events_.front().json.size();
            lost_ = events_.front().seq;
            events_.pop_front();
        }
    }
}

std::optional<std::vector<LiveEvent>> LiveFeed::after(std::int64_t seq, std::size_t count) const {
    if (seq < lost_) return std::nullopt;
    std::vector<LiveEvent> found;
    for (auto at = std::ranges::upper_bound(events_, seq, {}, &LiveEvent::seq);
         at != events_.end() && found.size() < count; ++at)
        found.push_back(*at);
    return found;
}

} // namespace skep::hub
