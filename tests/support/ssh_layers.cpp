#include "support/ssh_layers.hpp"

#include <algorithm>
#include <utility>

namespace skep::tests {

using namespace service::ssh;
using namespace std::chrono_literals;

namespace {

std::string numbers(Reader& in, int count) {
    std::string text;
    for (int i = 0; i < count; ++i)
        text += " " + std::to_string(in.u32());
    return text;
}

std::string request_text(Reader& in) {
    auto text = numbers(in, 1) + " " + std::string{in.string()};
    in.u8();
    if (text.ends_with("exit-status")) return text + numbers(in, 1);
    if (text.ends_with("exit-signal")) return text + " " + std::string{in.string()};
    return text;
}

void append(std::string& said, std::string_view text) {
    if (!said.empty()) said += "; ";
    said += text;
}

} // namespace

std::string describe_message(std::string_view payload) {
    Reader in{payload};
    const auto type = static_cast<Msg>(in.u8());
    const auto text = [&] { return " " + std::string{in.string()}; };
    switch (type) {
    case Msg::debug: in.u8(); return "debug" + text();
    case Msg::service_accept: return "accept" + text();
    case Msg::userauth_failure: return "failure" + text();
    case Msg::userauth_success: return "success";
    case Msg::userauth_pk_ok: return "pk_ok" + text();
    case Msg::global_request: return "global" + text();
    case Msg::request_success:
        return in.left() == 4 ? "yes" + numbers(in, 1) : "yes" + std::string{in.rest()};
    case Msg::request_failure: return "no";
    case Msg::channel_open_confirmation: return "open" + numbers(in, 4);
    case Msg::channel_open_failure: return "refused" + numbers(in, 2) + text();
    case Msg::channel_window_adjust: return "adjust" + numbers(in, 2);
    case Msg::channel_data: return "data" + numbers(in, 1) + text();
    case Msg::channel_extended_data: return "error" + numbers(in, 2) + text();
    case Msg::channel_eof: return "eof" + numbers(in, 1);
    case Msg::channel_close: return "close" + numbers(in, 1);
    case Msg::channel_request: return "request" + request_text(in);
    case Msg::channel_success: return "ok" + numbers(in, 1);
    case Msg::channel_failure: return "fail" + numbers(in, 1);
    default: return "message " + std::to_string(static_cast<int>(type));
    }
}

void FakeSink::say(std::string_view text) {
    append(said_, text);
}

void FakeSink::disconnect(std::string_view text) {
    say("disconnect " + std::to_string(disconnect_protocol_error) + " " + std::string{text});
}

void FakePrograms::say(std::string_view what, ChannelId channel, std::string_view detail) {
    append(said_, std::string{what} + " " + std::to_string(channel));
    if (!detail.empty()) said_ += " " + std::string{detail};
}

void FakePrograms::start(ChannelId channel, service::ProgramRequest request) {
    say("start", channel, request.command);
    last = std::move(request);
    if (starts) connection->program_started(channel, true);
}

void FakePrograms::input(ChannelId channel, std::string_view bytes) {
    say("input", channel, bytes.size() < 64 ? bytes : "...");
}

void FakePrograms::end_of_input(ChannelId channel) {
    say("end", channel);
}

void FakePrograms::resize(ChannelId channel, std::uint32_t columns, std::uint32_t rows) {
    say("resize", channel, std::to_string(columns) + "x" + std::to_string(rows));
}

void FakePrograms::signal(ChannelId channel, std::string_view name) {
    say("signal", channel, name);
}

void FakePrograms::drain(ChannelId channel) {
    say("drain", channel);
}

void FakePrograms::hang_up(ChannelId channel) {
    say("hang_up", channel);
}

void FakePrograms::may_print(ChannelId channel, bool may) {
    say("may_print", channel, may ? "yes" : "no");
}

SshLayers::SshLayers(std::string_view name)
    : recorder{clock, [this](const event::Event& event) { events.push_back(event); }},
      authenticator{recorder, "geheim"}, persona{debian_persona("web01")},
      profile{*find_profile(name)}, sink{profile},
      session{stream,      recorder, authenticator, machine, persona, "192.0.2.1", 4711,
              "192.0.2.2", 22,       60s,           1800s} {
    session.ssh = &ssh_settings;
}

std::string SshLayers::tell(Auth& auth, const Writer& message) {
    auth.receive(message.bytes());
    return sink.take();
}

std::string SshLayers::tell(Connection& connection, const Writer& message) {
    connection.receive(message.bytes());
    connection.settle();
    return sink.take();
}

std::string SshLayers::wait(Auth& auth) {
    waited = auth.deadline() - clock.time;
    clock.time = auth.deadline();
    auth.wake();
    return sink.take();
}

std::string SshLayers::wait(Connection& connection) {
    waited = connection.deadline() - clock.time;
    clock.time = connection.deadline();
    connection.wake();
    return sink.take();
}

std::unique_ptr<Connection> SshLayers::connect(Login login) {
    auto connection = Connection::make(session, sink, programs, std::move(login));
    programs.connection = connection.get();
    return connection;
}

std::size_t SshLayers::count(std::string_view eventid) const {
    return static_cast<std::size_t>(
        std::ranges::count(events, eventid, [](const auto& event) { return event.eventid(); }));
}

const event::Event& SshLayers::last(std::string_view eventid) const {
    static const event::Event none{"none", 0};
    const event::Event* found = &none;
    for (const auto& event : events)
        if (event.eventid() == eventid) found = &event;
    return *found;
}

Writer auth_request(std::string_view user, std::string_view method) {
    Writer request{Msg::userauth_request};
    return std::move(request.string(user).string("ssh-connection").string(method));
}

Writer password_request(std::string_view user, std::string_view password) {
    auto request = auth_request(user, "password");
    return std::move(request.boolean(false).string(password));
}

Writer channel_open(std::string_view type, std::uint32_t remote_id) {
    Writer open{Msg::channel_open};
    return std::move(open.string(type).u32(remote_id).u32(1U << 20U).u32(32768));
}

Writer channel_request(std::uint32_t id, std::string_view type, bool want_reply) {
    Writer request{Msg::channel_request};
    return std::move(request.u32(id).string(type).boolean(want_reply));
}

Writer global_request(std::string_view type, bool want_reply) {
    Writer request{Msg::global_request};
    return std::move(request.string(type).boolean(want_reply));
}

Writer channel_message(Msg type, std::uint32_t id) {
    Writer message{type};
    return std::move(message.u32(id));
}

Writer channel_data(std::uint32_t id, std::string_view bytes) {
    auto message = channel_message(Msg::channel_data, id);
    return std::move(message.string(bytes));
}

Writer direct_tcpip(std::string_view host, std::uint32_t port) {
    auto open = channel_open("direct-tcpip", 9);
    open.string(host).u32(port).string("10.0.0.1").u32(4000);
    return open;
}

Writer listen_request(std::string_view type, std::string_view host, std::uint32_t port) {
    auto request = global_request(type);
    return std::move(request.string(host).u32(port));
}

std::string ConnectedLayers::ask(const Writer& message) {
    if (!connection) connection = connect({user, {}, {}});
    return tell(*connection, message);
}

std::string ConnectedLayers::run(std::string_view command, std::uint32_t id) {
    ask(channel_open("session"));
    auto request = channel_request(id, "exec");
    return ask(request.string(command));
}

} // namespace skep::tests
