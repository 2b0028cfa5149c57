// One channel as the connection layers of both server families keep it.
#pragma once

#include "service/input_log.hpp"
#include "service/ssh/connection.hpp"

#include <memory>
#include <string>

namespace skep::service::ssh {

/// The program of a session channel and what was asked before it started.
struct ChannelProgram {
    explicit ChannelProgram(Events& events) : log{events} {}

    ProgramRequest request;
    InputLog log;
    std::size_t untaken = 0; ///< Bytes of the peer that it has not taken yet.
    bool terminal = false;   ///< pty-req was accepted.
    bool started = false;    ///< No other program can be started.
    bool running = false;
    bool logged = false; ///< Its input is typed by someone, line by line.
    bool hung_up = false;
    bool printable = true; ///< may_print() said so.
    bool x11 = false, agent = false;
    bool forced = false;         ///< Its command is the key's.
    bool subsystem = false;      ///< One was asked for; what runs may be a forced command.
    bool named_terminal = false; ///< pty-req gave a name, be it accepted or not.
    Exit exit;
    bool attached = true; ///< Counts among the sessions.

    /// Its exit is told: the channel may be closed by us.
    bool exited() const noexcept { return started && !running; }
};

/// The far side of a direct-tcpip channel, which does not exist.
struct ChannelForward {
    std::string host;
    std::uint16_t port = 0;
    std::string refusal;      ///< If it cannot be reached: what the failure says.
    std::string data;         ///< Received and not yet recorded.
    std::size_t recorded = 0; ///< Bytes that were received, at most ssh.forward_bytes.
    Micros due = 0;           ///< When its far side acts next.
    Micros record_due = 0;    ///< When `data` is to be recorded; 0 if there is none.
    bool gone = false;        ///< Its far side has closed.
};

/// A listening socket that would have taken a number: of a remote forward, X11, or the agent.
struct ChannelListener {
    enum class Kind : std::uint8_t { tcp, local, x11, agent };
    Kind kind = Kind::tcp;
    std::string address; ///< As the peer wrote it.
    std::uint32_t port = 0;
    std::string_view bound; ///< The loopback address that it holds.
    ChannelId session = 0;  ///< Whose X11 display it is.
};

struct Channel {
    enum class Stage : std::uint8_t {
        larval,     ///< A session before its program.
        connecting, ///< A forward that is not answered yet.
        open,
        listening,
    };
    /// One direction.
    enum class Half : std::uint8_t { open, draining, closed };

    ChannelId id = 0;
    std::uint32_t remote_id = 0, remote_window = 0, remote_packet_max = 0;
    std::uint32_t window = 0, window_max = 0, packet_max = 0; ///< Ours.
    std::uint32_t consumed = 0;                               ///< To be given back to the window.
    Stage stage = Stage::larval;
    Half to_peer = Half::open, from_peer = Half::open;
    bool eof_sent = false, eof_received = false;
    bool close_sent = false, close_received = false;
    std::unique_ptr<ChannelProgram> program;
    std::unique_ptr<ChannelForward> forward;
    std::unique_ptr<ChannelListener> listener;
};

} // namespace skep::service::ssh
