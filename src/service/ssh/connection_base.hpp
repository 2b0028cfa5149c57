// What the connection layers of both server families have in common: the table of channels, the
// programs' input, forwards that lead nowhere, and events.
#pragma once

#include "service/notes.hpp"
#include "service/ssh/channel.hpp"
#include "service/ssh/fields.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skep::service::ssh {

class ConnectionBase : public Connection {
  public:
    ConnectionBase(Session& session, MessageSink& sink, Programs& programs, Login login);
    ~ConnectionBase() override;

    bool may_receive() const noexcept override;
    Micros deadline() const noexcept override;
    void wake() override;
    std::size_t room(ChannelId channel) const override;
    void program_took(ChannelId channel, std::size_t count) override;

  protected:
    /// A forward's far side: it has answered, or it has closed.
    virtual void forward_opened(Channel& channel) = 0;
    virtual void forward_closed(Channel& channel) = 0;

    /// A channel is gone.
    virtual void removed() {}

    /// How much of a program's output the peer takes now.
    virtual std::size_t room_of(const Channel& channel) const = 0;

    Channel* find(ChannelId id) noexcept;
    const Channel* find(ChannelId id) const noexcept;
    /// A new channel with the lowest free number; nullptr beyond limits.ssh_channels.
    Channel* add(Channel::Stage stage);
    void remove(ChannelId id);

    void send_data(Channel& channel, std::string_view bytes, bool error);
    void send_adjust(Channel& channel, std::uint32_t count);
    /// EOF, CLOSE, SUCCESS, FAILURE: a message with the peer's number only.
    void send_plain(Msg type, const Channel& channel);
    void send_exit(const Channel& channel, const Exit& exit);
    void send_confirmation(const Channel& channel);
    void send_open_failure(std::uint32_t remote_id, OpenFailure reason, std::string_view text);
    void end();
    void disconnect(std::string text);

    /// Lets the command of the key's options take the place of what was asked for, which a program
    /// is told as `original`. Whether it did.
    bool force_command(ChannelProgram& program, std::optional<std::string_view> original);
    /// Starts the channel's program; its start is answered by program_started().
    void start_program(Channel& channel);
    /// Takes what the window of an open channel allows, for its program or its forward. False if
    /// the forward's far side has closed.
    bool take_data(Channel& channel, std::string_view data);
    void hang_up(Channel& channel);
    void tell_room(Channel& channel);

    void begin_forward(Channel& channel, std::string_view host, std::uint32_t port);
    /// Whether it names the persona's machine.
    bool is_own(std::string_view host) const;
    /// Whether the persona's machine accepts connections on a port of its own.
    bool listens_on(std::uint32_t port) const;
    /// The peer will send no more: a forward's far side closes too, a round trip later.
    void end_forward_input(const Channel& channel);

    void weird(std::string_view name, std::string_view bytes = {});
    void refuse_message(std::string_view name, std::string_view bytes = {});
    void record_size(std::uint32_t columns, std::uint32_t rows);
    void record_variable(std::string_view name, std::string_view value);
    void record_command(std::string_view command);
    void record_direct(std::string_view host,
                       std::uint32_t port,
                       std::string_view origin,
                       std::uint32_t origin_port);
    void record_forward(std::string_view name, std::string_view address, std::uint32_t port);
    void record_path(std::string_view name, std::string_view path);
    void record_name(std::string_view eventid, std::string_view name);

    bool is_root() const;

    Session& session_;
    MessageSink& sink_;
    Programs& programs_;
    const std::string username_;
    const KeyOptions key_;                           ///< What the key of the login leaves allowed.
    std::vector<std::unique_ptr<Channel>> channels_; ///< By number; null where it is free.
    std::size_t unread_ = 0;                         ///< All untaken bytes.
    std::optional<ChannelId> starting_;              ///< Whose start is not answered yet.
    bool ended_ = false;

  private:
    /// Hands bytes of the peer to a running program.
    void pass_input(Channel& channel, std::string_view bytes);
    /// Bytes that go into a forward.
    void swallow(Channel& channel, std::string_view bytes);
    void flush(ChannelForward& forward);
    void close_forward_soon(ChannelForward& forward);
    void act(Channel& channel, Micros now);

    Notes notes_{300}; ///< Of sizes, variables and oddities; logins, commands and forwards are
                       ///< always recorded.
};

std::unique_ptr<Connection> make_openssh_connection(Session&, MessageSink&, Programs&, Login);
std::unique_ptr<Connection> make_dropbear_connection(Session&, MessageSink&, Programs&, Login);

} // namespace skep::service::ssh
