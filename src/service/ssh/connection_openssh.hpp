// The connection layer as sshd of OpenSSH plays it with Debian's sshd_config. The facts are those
// of 9.2p1 (serverloop.c, session.c, channels.c, nchan.c).
#pragma once

#include "service/ssh/connection_base.hpp"

namespace skep::service::ssh {

class OpensshConnection final : public ConnectionBase {
  public:
    OpensshConnection(Session&, MessageSink&, Programs&, Login);

    void receive(std::string_view payload) override;
    void settle() override;

    void program_started(ChannelId channel, bool started) override;
    void program_printed(ChannelId channel, std::string_view bytes, bool error) override;
    void program_output_ended(ChannelId channel) override;
    void program_exited(ChannelId channel, int status, std::string_view signal, bool core) override;

  private:
    using Reply = std::optional<bool>; ///< Success or failure; nothing if it comes later or never.

    struct Opening {
        std::uint32_t remote_id = 0, window = 0, packet_max = 0;
    };

    /// What a global request is answered with.
    struct Answer {
        bool success = false;
        std::string data;
    };

    void forward_opened(Channel& channel) override;
    void forward_closed(Channel& channel) override;
    std::size_t room_of(const Channel& channel) const override;

    // Messages of channels (channels.c)
    void on_open(Reader in);
    void on_session_open(const Opening& opening, Reader& in);
    void on_direct_tcpip(const Opening& opening, Reader& in);
    bool may_open(std::string_view host, std::uint32_t port) const;
    bool may_listen(std::string_view host, std::uint32_t port);
    void on_direct_local(const Opening& opening, Reader& in);
    void on_tunnel(const Opening& opening, Reader& in);
    void on_data(Reader in);
    void on_extended_data(Reader in);
    void on_eof(Reader in);
    void on_close(Reader in);
    void on_adjust(Reader in);
    void on_open_reply(Reader in, bool confirmed);
    void on_channel_request(Reader in);
    /// channel_lookup(): no listeners.
    Channel* look_up(std::uint32_t id) noexcept;
    /// The channel that a message is for; otherwise the connection has ended.
    Channel* channel_of(Reader& in, std::string_view what);
    void open_failed(const Opening& opening, OpenFailure reason = OpenFailure::connect_failed);

    // Requests of a session (session.c).
    Reply session_request(Channel& channel, std::string_view type, Reader& in);
    Reply larval_request(Channel& channel, std::string_view type, Reader& in);
    Reply on_terminal(Channel& channel, Reader& in);
    Reply on_environment(Channel& channel, Reader& in);
    Reply on_x11(Channel& channel, Reader& in);
    Reply on_agent(Channel& channel, Reader& in);
    Reply on_command(Channel& channel, Reader& in, ProgramRequest::Kind kind);
    void force(ChannelProgram& program);
    Reply on_window_change(Channel& channel, Reader& in);
    Reply on_signal(Channel& channel, Reader& in);
    Reply broken(std::string_view name);

    // Global requests (serverloop.c)
    void on_global_request(Reader in);
    std::optional<Answer> global_request(std::string_view type, Reader& in, bool want_reply);
    std::optional<Answer> listen_tcp(Reader& in, bool want_reply);
    std::optional<Answer> cancel_tcp(Reader& in);
    std::optional<Answer> listen_local(Reader& in);
    std::optional<Answer> cancel_local(Reader& in);
    std::optional<Answer> prove_host_keys(Reader& in);
    bool bind_tcp(std::string_view host, std::uint32_t port, std::uint32_t& allocated);
    bool port_taken(std::string_view address, std::uint32_t port) const;
    /// nullptr beyond limits.ssh_channels.
    ChannelListener*
    add_listener(ChannelListener::Kind kind, std::string_view address, std::uint32_t port);
    bool remove_listeners(ChannelListener::Kind kind, std::string_view address, std::uint32_t port);
    void announce_host_keys();
    void send_debug(std::string_view text);

    // The states of a channel (nchan.c)
    void end_output(Channel& channel);
    void fail_input(Channel& channel);
    void drain(Channel& channel);
    bool is_dead(Channel& channel, bool may_close);
    void collect(Channel& channel);
    void give_back(Channel& channel);

    Compat compat_;
    std::uint32_t sessions_ = 0; ///< Those that count for MaxSessions.
    bool no_more_sessions_ = false;
    bool agent_asked_ = false;
    bool interactive_set_ = false;         ///< The type of service has been chosen.
    bool reply_wanted_ = false;            ///< Of the request that starts a program.
    std::uint32_t listen_comparisons_ = 0; ///< With what permitlisten= of the key allows.
};

constexpr std::uint32_t openssh_packet_max = 32768;               // CHAN_SES_PACKET_DEFAULT
constexpr std::uint32_t openssh_window = 64 * openssh_packet_max; // CHAN_SES_WINDOW_DEFAULT

} // namespace skep::service::ssh
