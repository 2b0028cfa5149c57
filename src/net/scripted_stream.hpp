// A Stream that plays a script, for golden tests, fault tests and fuzzers.
#pragma once

#include "base/time.hpp"
#include "net/stream.hpp"

#include <deque>
#include <functional>
#include <string>

namespace skep::net {

/// In-memory peer: sends the script's packets, lets its own time pass, and closes at the end.
///
/// Nothing really waits: a wait that the script does not end before its limit moves the stream's
/// clock by that limit and fails with timed_out.
class ScriptedStream final : public Stream, public Clock {
  public:
    /// What happened, in order, for a transcript.
    enum class Moment : unsigned char {
        sent_by_peer,
        written,
        urgent,
        time_passed,
        closed_by_peer
    };
    using Watch = std::function<void(Moment, std::string_view bytes, std::chrono::milliseconds)>;

    /// Adds a packet of the peer's.
    void peer_sends(std::string bytes);
    /// Adds a time in which the peer is silent.
    void time_passes(std::chrono::milliseconds time);

    /// Makes call number `n` (from 1, of all kinds together) and all later ones fail with `kind`.
    void fail_call(std::size_t n, Fault kind);

    /// How many turns of the loop others get before the peer's next step (default 24): enough for
    /// a shell to answer what it was sent.
    void set_turns(int turns) noexcept { turns_ = turns; }

    /// Called for everything that happens; may be empty.
    void watch(Watch watch) { watch_ = std::move(watch); }

    std::size_t calls() const noexcept { return calls_; }

    /// All that was written, urgent bytes in line.
    const std::string& to_peer() const noexcept { return written_; }

    Micros now() const override { return now_; }

    Task<Result<std::string>> read_some(std::size_t bytes_max,
                                        std::chrono::milliseconds within) override;
    Task<Result<void>> write(std::string_view bytes, std::chrono::milliseconds within) override;
    Task<Result<void>> write_urgent(char byte, std::chrono::milliseconds within) override;
    Task<Result<void>> pause(std::chrono::milliseconds time) override;

    void reset_at_end() override { resets_ = true; }

    void send_as(Sending sending) override { sending_ = sending; }

    /// As send_as() said last.
    Sending sending() const noexcept { return sending_; }

    /// Whether reset_at_end() was called.
    bool resets() const noexcept { return resets_; }

  private:
    struct Step {
        std::string bytes;              ///< A packet, or
        std::chrono::milliseconds time; ///< silence.
        bool begun = false;
    };

    Result<void> call(std::chrono::milliseconds within);
    void tell(Moment moment, std::string_view bytes, std::chrono::milliseconds time = {});
    void pass(std::chrono::milliseconds time);

    std::deque<Step> steps_;
    std::string written_;
    Watch watch_;
    int turns_ = 24;
    Micros now_ = 1'700'000'000'000'000;
    std::size_t calls_ = 0;
    std::size_t fail_at_ = 0;
    Fault fail_with_ = Fault::reset;
    bool end_told_ = false;
    bool resets_ = false;
    Sending sending_;
};

} // namespace skep::net
