// The newest events, for the dashboards that are open.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace skep::hub {

/// One stored event on its way to the browsers.
struct LiveEvent {
    std::int64_t seq = 0; ///< Of the store: grows, with gaps for what is not live.
    std::string id;
    std::string json;
};

/// A bounded window on the order of arrival. Every client reads it at its own pace by seq; one that
/// falls out of the window was too slow. So clients cost no queue of their own. Used by one thread.
class LiveFeed {
  public:
    LiveFeed(std::size_t events_max, std::size_t bytes_max)
        : events_max_{events_max}, bytes_max_{bytes_max} {}

    /// In rising order of seq.
    void publish(std::vector<LiveEvent> events);

    /// Up to `count` events behind `seq`. Nothing if some that were behind it are gone already.
    std::optional<std::vector<LiveEvent>> after(std::int64_t seq, std::size_t count) const;

    /// Where a client that wants only what comes now starts.
    std::int64_t last_seq() const noexcept { return last_; }

    /// Everything behind this is still here.
    std::int64_t lost_up_to() const noexcept { return lost_; }

    /// Sets where the feed starts: everything up to `seq` is in the store only.
    void start_at(std::int64_t seq) noexcept { last_ = lost_ = seq; }

  private:
    std::size_t events_max_;
    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::int64_t last_ = 0;
    std::int64_t lost_ = 0;
    std::deque<LiveEvent> events_;
};

} // namespace skep::hub
