// A connection as a protocol sees it: bytes in, bytes out, every wait bounded.
#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "net/socket_options.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace skep::net {

/// One peer's byte stream, over TCP, TLS, or memory in tests.
///
/// Owned by the session that serves it and used by one coroutine at a time for reading and one for
/// writing. Cancelling a coroutine ends its pending call with Fault::cancelled; nothing else closes
/// the stream behind its back.
class Stream {
  public:
    virtual ~Stream() = default;

    /// Waits for bytes and returns what is there, 1 to `bytes_max` bytes. Holds no buffer while it
    /// waits. Fault::closed at the peer's end of stream.
    virtual Task<Result<std::string>> read_some(std::size_t bytes_max,
                                                std::chrono::milliseconds within) = 0;

    /// Writes all bytes, waiting at most `within` for a peer that does not read.
    virtual Task<Result<void>> write(std::string_view bytes, std::chrono::milliseconds within) = 0;

    /// Sends one byte of TCP urgent data after what was written (a telnetd's data mark); streams
    /// without it write it in line.
    virtual Task<Result<void>> write_urgent(char byte, std::chrono::milliseconds within) = 0;

    /// Waits `time`, for delays that a peer can measure. Fault::closed as soon as the peer is gone.
    virtual Task<Result<void>> pause(std::chrono::milliseconds time) = 0;

    /// The stream's end will be a reset instead of an orderly one, as of a server's socket that is
    /// closed with bytes in it that nobody read (tcp(7), RFC 1122 section 4.2.2.13).
    virtual void reset_at_end() = 0;

    /// From now on the kernel sends like this; before, as the listening socket says.
    virtual void send_as(Sending sending) = 0;
};

} // namespace skep::net
