// A telnetd as the service plays it: bytes from the peer in, bytes for the peer and for the cell
// out.
#pragma once

#include "service/notes.hpp"
#include "service/service.hpp"
#include "service/telnet/codec.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace skep::service::telnet {

/// Bytes for the peer. Some of them go as TCP urgent data.
struct Output {
    std::string bytes;
    std::vector<std::size_t> urgent; ///< Positions in `bytes`, rising.

    bool empty() const noexcept { return bytes.empty(); }
};

/// One telnetd with its login program. It does no I/O and never waits: the service feeds it, sends
/// `out`, passes `typed` to the cell, and calls expire() at `deadline`.
class Server {
  public:
    enum class State : std::uint8_t {
        login,    ///< The peer is to log in; `deadline` counts.
        accepted, ///< A shell is due, and from now on what the peer types is in `typed`.
        ended,    ///< The connection is to be closed, without a word more than `out`.
    };

    explicit Server(Session& session) : session_{session} {}

    virtual ~Server() = default;
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// The peer has connected.
    virtual void start() = 0;
    /// At most `read_bytes_max` bytes that one read gave.
    virtual void receive(std::string_view bytes) = 0;
    virtual void expire() = 0;
    /// What the shell printed.
    virtual void print(std::string_view bytes) = 0;
    virtual Micros deadline() const noexcept = 0;
    virtual State state() const noexcept = 0;
    /// Whom to open the shell for.
    virtual ProgramRequest request() const = 0;
    virtual std::size_t read_bytes_max() const noexcept = 0;

    Output out;
    std::string typed;
    bool resized = false; ///< request() has a new size.

  protected:
    void weird(std::string_view name, std::string_view bytes = {});
    /// Records the negotiation of an option once.
    void note_option(const Token& token);
    void note_size(std::uint16_t columns, std::uint16_t rows);
    void note_variable(std::string_view name, std::string_view value);

    Session& session_;
    std::uint16_t columns_ = 0, rows_ = 0;

  private:
    std::vector<std::uint16_t> seen_; ///< Option * 4 + verb, of what is recorded.
    Notes notes_{300};
};

/// telnetd of inetutils 2.4 with Debian's login, or that of BusyBox: as the persona says.
std::unique_ptr<Server> make_server(Session& session);

std::unique_ptr<Server> make_inetutils(Session& session);
std::unique_ptr<Server> make_busybox(Session& session);

} // namespace skep::service::telnet
