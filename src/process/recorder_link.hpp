// A process's line to the recorder: events, artifacts and recordings that are held until they are
// on disk.
#pragma once

#include "event/event.hpp"
#include "process/channel.hpp"

#include <cstdint>
#include <functional>
#include <memory>

namespace skep::process {

enum class Pressure : std::uint8_t { none, no_artifacts, no_sessions };

/// At least once: what was not acknowledged is sent again when the recorder comes back, with the
/// same event ids.
///
/// Used by one thread. Nothing is ever dropped here: `full()` tells the owner to stop taking new
/// work.
class RecorderLink {
  public:
    RecorderLink(boost::asio::io_context& io, std::size_t events_max, std::size_t text_bytes_max);
    ~RecorderLink();
    RecorderLink(const RecorderLink&) = delete;
    RecorderLink& operator=(const RecorderLink&) = delete;

    /// Takes the socket of a (re)started recorder and sends again what it has not acknowledged.
    void attach(Descriptor socket);

    void record(event::Event event);

    /// `template_event` is a file.captured event with everything but shasum, outfile, size and
    /// duplicate. The content is read from position 0 of `content`, a memfd or an unlinked file
    /// that nobody writes any more.
    void artifact(event::Event template_event, Descriptor content);

    void recording_open(std::string_view session,
                        const event::Event& opened,
                        std::uint32_t width,
                        std::uint32_t height,
                        std::string_view term);
    /// `kind` is 'i' from the peer, 'o' to the peer, 'r' for "COLSxROWS".
    void recording_data(std::string_view session,
                        std::uint32_t index,
                        std::uint64_t micros,
                        char kind,
                        std::string_view data);
    void recording_close(std::string_view session, const event::Event& closed);

    void remember(std::string_view source, std::string_view user, std::string_view password);

    /// Lets the other sensors count a refused login of `source`.
    void tried(std::string_view source);

    bool full() const noexcept;
    std::size_t unacknowledged() const noexcept;
    Pressure pressure() const noexcept;

    /// Called for each remembered login, also for those of earlier runs.
    std::function<void(std::string source, std::string user, std::string password)> on_remembered;
    /// Called for each `tried` of another sensor.
    std::function<void(const std::string& source)> on_tried;
    /// Called when everything sent so far is on disk.
    std::function<void()> on_drained;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace skep::process
