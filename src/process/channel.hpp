// One end of a connection between two of our processes, on an event loop.
#pragma once

#include "base/task.hpp"
#include "process/message.hpp"

#include <functional>
#include <memory>
#include <span>

namespace boost::asio {
class io_context;
}

namespace skep::process {

/// A connected pair of SOCK_SEQPACKET sockets, both close-on-exec.
Result<std::pair<Descriptor, Descriptor>> make_channel_pair();

/// Sends at once or not at all, for code without an event loop. Fault::closed if the other side is
/// gone, Fault::timed_out if its queue is full on a non-blocking socket.
Result<void> send_now(int socket, MessageKind kind, std::string_view payload, int descriptor = -1);

/// The same with up to descriptors_max of them.
Result<void>
send_now(int socket, MessageKind kind, std::string_view payload, std::span<const int> descriptors);

/// Waits for one packet on a blocking socket. Fault::closed at its end.
Result<Message> receive_now(int socket);

/// Owned by one process's loop and used by its thread only. The end of the other side is
/// Fault::closed from `receive`; the owner then drops the channel and waits for a new `peer`.
class Channel {
  public:
    Channel(boost::asio::io_context& io, Descriptor socket);
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    /// The next message. Fault::closed when the other side is gone, Fault::malformed for an empty
    /// packet (skip it), Fault::cancelled after `close`.
    Task<Result<Message>> receive();

    /// Receives in the background and gives each message to `on_message`, until the channel is
    /// closed or destroyed, which is silent, or the other side is gone, which is told by `on_end`.
    void listen(std::function<void(Message&)> on_message, std::function<void()> on_end);

    /// Queues one message and sends it when the socket takes it, in order. Never blocks. False once
    /// the other side is gone. The descriptor is held until it is sent.
    bool send(MessageKind kind, std::string payload, Descriptor descriptor = {});

    /// The same for a message with all its descriptors.
    bool send(Message message);

    /// Bytes queued and not yet taken by the kernel.
    std::size_t queued_bytes() const noexcept;

    /// Ends a pending `receive` with Fault::cancelled and drops what is queued.
    void close();

  private:
    struct State;
    std::shared_ptr<State>
        state_; // shared with what is pending, which may outlive the channel by one loop turn
};

} // namespace skep::process
