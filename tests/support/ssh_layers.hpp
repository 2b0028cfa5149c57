// SSH's upper layers without a transport: a sink that writes down what is said, programs that do,
// and a clock that is moved by hand. For unit tests and fuzzers.
#pragma once

#include "net/scripted_stream.hpp"
#include "service/ssh/auth.hpp"
#include "service/ssh/connection.hpp"
#include "service/ssh/wire.hpp"
#include "support/session_fakes.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace skep::tests {

/// One payload in words: `failure publickey,password`, `data 7 hello`, `adjust 7 2097152`.
std::string describe_message(std::string_view payload);

/// Writes down messages in words, separated by `; `.
class FakeSink final : public service::ssh::MessageSink {
  public:
    explicit FakeSink(const service::ssh::Profile& profile) : profile_{profile} {}

    void send(std::string_view payload) override { say(describe_message(payload)); }

    void unimplemented() override { say("unimplemented"); }

    void disconnect(std::string_view text) override;

    void end() override { say("end"); }

    void authenticated() override { say("authenticated"); }

    std::string_view session_id() const noexcept override { return "session-id"; }

    std::string_view host_key_blob() const noexcept override { return "host-key"; }

    std::string_view client_identification() const noexcept override { return identification; }

    const service::ssh::Profile& profile() const noexcept override { return profile_; }

    std::string_view rsa_algorithm() const noexcept override { return "rsa-sha2-512"; }

    /// What was said since the last call.
    std::string take() { return std::exchange(said_, {}); }

    std::string identification = "SSH-2.0-OpenSSH_9.2p1";

  private:
    void say(std::string_view text);

    const service::ssh::Profile& profile_;
    std::string said_;
};

/// Starts every program at once unless `starts` is false, and writes down what it is told.
class FakePrograms final : public service::ssh::Programs {
  public:
    void start(service::ssh::ChannelId channel, service::ProgramRequest request) override;
    void input(service::ssh::ChannelId channel, std::string_view bytes) override;
    void end_of_input(service::ssh::ChannelId channel) override;
    void
    resize(service::ssh::ChannelId channel, std::uint32_t columns, std::uint32_t rows) override;
    void signal(service::ssh::ChannelId channel, std::string_view name) override;
    void drain(service::ssh::ChannelId channel) override;
    void hang_up(service::ssh::ChannelId channel) override;
    void may_print(service::ssh::ChannelId channel, bool may) override;

    std::string take() { return std::exchange(said_, {}); }

    service::ssh::Connection* connection = nullptr;
    service::ProgramRequest last;
    bool starts = true; ///< Answers start() with true; else the test does.

  private:
    void say(std::string_view what, service::ssh::ChannelId channel, std::string_view detail = {});

    std::string said_;
};

/// A session with everything that the layers need. Time stands still unless `pass` moves it.
struct SshLayers {
    explicit SshLayers(std::string_view profile);

    /// Feeds one message and lets the layer settle; gives what was said.
    std::string tell(service::ssh::Auth& auth, const service::ssh::Writer& message);
    std::string tell(service::ssh::Connection& connection, const service::ssh::Writer& message);
    /// Until its deadline; gives what was said then. `waited` is how long it took.
    std::string wait(service::ssh::Auth& auth);
    std::string wait(service::ssh::Connection& connection);
    std::unique_ptr<service::ssh::Connection> connect(service::ssh::Login login = {"root", {}, {}});
    /// The events so far as `eventid FIELD=VALUE ...`, of the named one.
    std::size_t count(std::string_view eventid) const;
    const event::Event& last(std::string_view eventid) const;

    struct HandClock final : Clock {
        Micros time = 1'000'000'000;

        Micros now() const override { return time; }
    };

    HandClock clock;
    std::vector<event::Event> events;
    FakeEvents recorder;
    FakeAuthenticator authenticator;
    FakeMachine machine;
    net::ScriptedStream stream;
    persona::Persona persona;
    service::ssh::Profile profile;
    FakeSink sink;
    FakePrograms programs;
    service::SshSettings ssh_settings;
    service::Session session;
    Micros waited = 0;
};

/// With a connection layer, made at the first message.
struct ConnectedLayers : SshLayers {
    explicit ConnectedLayers(std::string_view profile = "openssh-9.2p1") : SshLayers{profile} {}

    std::string ask(const service::ssh::Writer& message);
    /// A session channel with a running program.
    std::string run(std::string_view command, std::uint32_t id = 0);

    std::string user = "root";
    std::unique_ptr<service::ssh::Connection> connection;
};

/// A request of authentication up to the method's own fields.
service::ssh::Writer auth_request(std::string_view user, std::string_view method);
service::ssh::Writer password_request(std::string_view user, std::string_view password);
service::ssh::Writer channel_open(std::string_view type, std::uint32_t remote_id = 7);
service::ssh::Writer
channel_request(std::uint32_t id, std::string_view type, bool want_reply = true);
service::ssh::Writer global_request(std::string_view type, bool want_reply = true);
service::ssh::Writer channel_message(service::ssh::Msg type, std::uint32_t id);
service::ssh::Writer channel_data(std::uint32_t id, std::string_view bytes);
/// From the peer's channel 9.
service::ssh::Writer direct_tcpip(std::string_view host, std::uint32_t port);
/// tcpip-forward or its cancellation.
service::ssh::Writer
listen_request(std::string_view type, std::string_view host, std::uint32_t port);

} // namespace skep::tests
