// One list of deadlines for all connections of a process, looked at once a second.
#pragma once

#include <chrono>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace skep::net {

/// One wait that may not take forever. Lies inside its owner, which must unlink it before it ends.
class Deadline {
  public:
    virtual ~Deadline() = default;

  protected:
    /// Called once, within a second after the time has passed; the entry is unlinked already.
    virtual void expired() = 0;

  private:
    friend class Deadlines;
    std::chrono::steady_clock::time_point at_;
    Deadline* previous_ = nullptr;
    Deadline* next_ = nullptr;
};

/// Waits that need no precision cost two pointers instead of a timer each (1.7 KB a connection
/// instead of 5.9 KB). Used by the loop's thread only.
class Deadlines {
  public:
    explicit Deadlines(boost::asio::io_context& io);
    ~Deadlines();
    Deadlines(const Deadlines&) = delete;
    Deadlines& operator=(const Deadlines&) = delete;

    /// Starts or restarts `entry`'s wait.
    void start(Deadline& entry, std::chrono::milliseconds within);

    /// Forgets `entry`; harmless if it is not linked.
    void remove(Deadline& entry);

    /// Ends the sweeping, so that the loop can run out of work.
    void stop();

    /// What the once-a-second timer does: expires everything due at `now`. With the end of time it
    /// ends all that waits.
    void sweep(std::chrono::steady_clock::time_point now);

  private:
    struct Timer;
    void tick();

    std::unique_ptr<Timer> timer_;
    Deadline* first_ = nullptr;
};

} // namespace skep::net
