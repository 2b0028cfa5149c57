// A Stream over a TCP socket that the kernel has accepted.
#pragma once

#include "net/deadlines.hpp"
#include "net/stream.hpp"

#include <cstdint>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace skep::net {

/// Holds no buffer while it waits: bytes are read once they are there.
class TcpStream final : public Stream {
  public:
    /// Takes the connected socket `fd`. `deadlines` must outlive the stream.
    TcpStream(boost::asio::io_context& io, int fd, Deadlines& deadlines);
    ~TcpStream() override;
    TcpStream(const TcpStream&) = delete;
    TcpStream& operator=(const TcpStream&) = delete;

    Task<Result<std::string>> read_some(std::size_t bytes_max,
                                        std::chrono::milliseconds within) override;
    Task<Result<void>> write(std::string_view bytes, std::chrono::milliseconds within) override;
    Task<Result<void>> write_urgent(char byte, std::chrono::milliseconds within) override;
    Task<Result<void>> pause(std::chrono::milliseconds time) override;
    void reset_at_end() override;
    void send_as(Sending sending) override;

    /// Sends what is queued and then the end of the stream; the peer's further bytes are answered
    /// by a reset once the stream is gone, as a server's whose process has ended.
    void close();

    /// Ends every pending call with Fault::cancelled.
    void cancel();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Addresses of both ends of a connected socket as text; empty and 0 if the peer is gone.
struct Endpoints {
    std::string peer_ip;
    std::uint16_t peer_port = 0;
    std::string own_ip;
    std::uint16_t own_port = 0;
};

Endpoints endpoints_of(int socket);

} // namespace skep::net
