// The connection layer as dropbear 2022.83 plays it (common-channel.c, svr-chansession.c,
// svr-tcpfwd.c) as Debian compiles it: agent and TCP forwards, no X11. What it does not like ends
// it without a word: dropbear_exit().
#pragma once

#include "service/ssh/connection_base.hpp"
#include "service/ssh/priority.hpp"

namespace skep::service::ssh {

class DropbearConnection final : public ConnectionBase {
  public:
    using ConnectionBase::ConnectionBase;

    void receive(std::string_view payload) override;
    void settle() override;

    void program_started(ChannelId channel, bool started) override;
    void program_printed(ChannelId channel, std::string_view bytes, bool error) override;
    void program_output_ended(ChannelId channel) override;
    void program_exited(ChannelId channel, int status, std::string_view signal, bool core) override;

  private:
    void forward_opened(Channel& channel) override;
    void forward_closed(Channel& channel) override;

    void removed() override { update_priority(); }

    std::size_t room_of(const Channel& channel) const override;

    void on_open(Reader in);
    void open_forward(Channel& channel, Reader& in);
    bool may_open(std::string_view host, std::uint32_t port) const;
    void on_data(Reader in);
    void on_adjust(Reader in);
    void on_eof(Reader in, bool close);
    void on_open_reply(Reader in);
    void on_request(Reader in);
    void on_service_request(Reader in);
    void on_global_request(Reader in);
    /// Whether it succeeds; nothing if dropbear has ended or program_started() answers.
    std::optional<bool> session_request(Channel& channel, std::string_view type, Reader& in);
    std::optional<bool> on_terminal(Channel& channel, Reader& in);
    std::optional<bool> on_command(Channel& channel, Reader& in, ProgramRequest::Kind kind);
    bool on_window_change(Channel& channel, Reader& in);
    std::optional<bool> on_signal(Channel& channel, Reader& in);
    std::optional<bool> listen_tcp(Reader& in);
    Channel* channel_of(Reader& in);
    bool ends_by_output(const Channel& channel);
    std::nullopt_t broken(std::string_view name, std::string_view bytes = {});
    void give_back(Channel& channel);
    void check_close(Channel& channel);
    void update_priority();
    void close(Channel& channel);

    std::vector<std::uint32_t> ports_; ///< Remote forwards that "listen".
    std::uint8_t priority_ = dropbear_low_latency;
    bool reply_wanted_ = false;
    bool child_ended_ = false; ///< Its SIGCHLD is to be seen.
};

} // namespace skep::service::ssh
