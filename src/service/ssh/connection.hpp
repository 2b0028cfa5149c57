// SSH's connection layer (RFC 4254, OpenSSH's PROTOCOL) of a server: channels and global requests.
// No I/O, no waiting.
#pragma once

#include "service/service.hpp"
#include "service/ssh/login.hpp"
#include "service/ssh/message_sink.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace skep::service::ssh {

/// Our number of a channel.
using ChannelId = std::uint32_t;

/// The programs behind the channels, as the connection layer drives them; implemented by the
/// service's coroutines, and by fakes in tests. No call waits: what happens is told later through
/// Connection's `program_…` functions.
class Programs {
  public:
    virtual ~Programs() = default;
    virtual void start(ChannelId channel, ProgramRequest request) = 0;
    /// Bytes for its standard input, or its terminal. Program_took() tells when they are written.
    virtual void input(ChannelId channel, std::string_view bytes) = 0;
    virtual void end_of_input(ChannelId channel) = 0;
    virtual void resize(ChannelId channel, std::uint32_t columns, std::uint32_t rows) = 0;
    /// A signal by its SSH name without SIG (RFC 4254 section 6.9).
    virtual void signal(ChannelId channel, std::string_view name) = 0;
    /// Its output ends with what is there by now, though others may hold it open.
    virtual void drain(ChannelId channel) = 0;
    /// The channel is gone: the terminal hangs up, pipes are closed.
    virtual void hang_up(ChannelId channel) = 0;
    /// Whether more of its output may be read now: the peer's window has room.
    virtual void may_print(ChannelId channel, bool may) = 0;
};

/// Everything after USERAUTH_SUCCESS.
class Connection {
  public:
    static std::unique_ptr<Connection>
    make(Session& session, MessageSink& transport, Programs& programs, Login login);
    virtual ~Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// One message of Transport::next(), only while may_receive().
    virtual void receive(std::string_view payload) = 0;
    /// To be called when Transport::next() has no more: a real server looks after its channels
    /// (closes, frees numbers, sends what is due) after it has answered all that one read gave.
    virtual void settle() = 0;
    /// Whether the next message may be taken from the transport. Not while a program starts, as
    /// sshd answers nothing while it forks, and not beyond limits.ssh_unread_bytes.
    virtual bool may_receive() const noexcept = 0;
    /// When wake() is due; the largest value if never.
    virtual Micros deadline() const noexcept = 0;
    /// The time of deadline() has come.
    virtual void wake() = 0;

    // The programs; each call settles.

    /// start() succeeded or not: the peer's request is answered.
    virtual void program_started(ChannelId channel, bool started) = 0;
    /// `count` bytes of input() have been written: they go back into our window.
    virtual void program_took(ChannelId channel, std::size_t count) = 0;
    /// What it printed; `error` for standard error. At most room() bytes in all until the peer
    /// widens its window.
    virtual void program_printed(ChannelId channel, std::string_view bytes, bool error) = 0;
    /// Bytes that the peer takes on that channel.
    virtual std::size_t room(ChannelId channel) const = 0;
    /// Both its outputs are at their end.
    virtual void program_output_ended(ChannelId channel) = 0;
    /// It has exited; a signal by its SSH name, or empty and its status.
    virtual void
    program_exited(ChannelId channel, int status, std::string_view signal, bool core) = 0;

  protected:
    Connection() = default;
};

} // namespace skep::service::ssh
