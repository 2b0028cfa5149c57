// What a cell's supervisor tells the broker: events and files, in an encoding that is simple to
// check.
#pragma once

#include "base/result.hpp"
#include "event/event.hpp"
#include "process/descriptor.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace skep::cell {

/// An event as it travels: only texts, numbers, flags and lists of texts.
std::string encode_event(std::uint64_t request, const event::Event& event);

struct SentEvent {
    std::uint64_t request = 0; ///< The session it belongs to, 0 for the cell as a whole.
    event::Event event;
};

/// Fault::malformed for anything encode_event does not write. The id is the one that was sent.
Result<SentEvent> decode_event(std::string_view payload);

/// The supervisor's end.
class Outlet {
  public:
    Outlet(process::Descriptor socket, std::size_t text_bytes)
        : socket_{std::move(socket)}, text_bytes_{text_bytes} {}

    /// Waits while the broker has no room: a cell cannot outrun its record.
    void send(std::uint64_t request, event::Event event);

    /// `content` is read from its start and not changed any more.
    void send_artifact(std::uint64_t request,
                       const event::Event& event,
                       const process::Descriptor& content);

    int socket() const { return socket_.get(); }

    /// Whether the broker is gone.
    bool closed() const { return closed_; }

  private:
    process::Descriptor socket_;
    std::size_t text_bytes_;
    bool closed_ = false;
};

} // namespace skep::cell
