// SSH's authentication and connection layers fed with payloads. The first byte: bit 0 dropbear, bit
// 1 the connection layer at once, bit 2 forwards refused, bit 3 keyboard-interactive. Then records:
// a big-endian length of two bytes and a payload; a record of one byte is a step of the other side
// instead: time, an answer about a key, or what a program does.
#include "support/ssh_layers.hpp"

#include <cstdlib>
#include <limits>

using namespace skep;
using namespace skep::service::ssh;
using namespace skep::tests;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

void step(Connection& connection, std::uint8_t what) {
    const ChannelId channel = what >> 4U;
    switch (what & 7U) {
    case 0: connection.program_took(channel, 1000); break;
    case 1:
    case 2: {
        const std::string text(std::min<std::size_t>(connection.room(channel), 5000), 'x');
        if (!text.empty()) connection.program_printed(channel, text, (what & 7U) == 2);
        break;
    }
    case 3: connection.program_output_ended(channel); break;
    case 4: connection.program_exited(channel, what, "", false); break;
    case 5: connection.program_exited(channel, 0, "KILL", true); break;
    default: connection.program_started(channel, (what & 1U) != 0); break;
    }
}

void step(SshLayers& layers, Auth& auth, std::uint8_t what) {
    if (auth.question())
        auth.answer({.held = (what & 1U) != 0, .options = {}, .notes = {"note"}});
    else if (auth.state() == Auth::State::busy || (what & 128U) != 0)
        if (auth.deadline() != std::numeric_limits<Micros>::max()) layers.wait(auth);
}

KeyOptions key_of(std::uint8_t flags) {
    KeyOptions key;
    if ((flags & 32U) == 0) return key;
    key.pty = key.x11_forwarding = key.agent_forwarding = false;
    key.port_forwarding = (flags & 64U) != 0;
    key.command = "internal-sftp";
    key.permit_open = key.permit_listen = {{"*", 80}};
    return key;
}

std::string_view take(std::string_view& input) {
    if (input.size() < 2) return std::exchange(input, {}).substr(0, 0);
    const auto length =
        static_cast<std::uint8_t>(input[0]) * 256U + static_cast<std::uint8_t>(input[1]);
    const auto record = input.substr(2, length);
    input.remove_prefix(2 + record.size());
    return record;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::string_view input{reinterpret_cast<const char*>(bytes), size};
    if (input.empty()) return 0;
    const auto flags = static_cast<std::uint8_t>(input.front());
    input.remove_prefix(1);
    SshLayers layers{(flags & 1U) != 0 ? "dropbear-2022.83" : "openssh-9.2p1"};
    layers.ssh_settings.sink = (flags & 4U) == 0;
    layers.ssh_settings.channels = 20;
    layers.ssh_settings.forward_bytes = 5000;
    layers.profile.keyboard_interactive = (flags & 8U) != 0;
    layers.programs.starts = (flags & 16U) == 0;
    const auto auth = Auth::make(layers.session, layers.sink);
    std::unique_ptr<Connection> connection;
    if ((flags & 2U) != 0) connection = layers.connect({"root", key_of(flags), {"note"}});
    while (!input.empty()) {
        const auto record = take(input);
        if (record.empty()) continue;
        const auto what = static_cast<std::uint8_t>(record.front());
        if (!connection && auth->state() == Auth::State::accepted)
            connection = layers.connect(auth->take_login());
        if (!connection) {
            if (record.size() == 1)
                step(layers, *auth, what);
            else if (auth->state() == Auth::State::open)
                auth->receive(record);
            check(auth->state() != Auth::State::busy || auth->question() ||
                  auth->deadline() != std::numeric_limits<Micros>::max());
        } else if (record.size() > 1) {
            if (connection->may_receive()) connection->receive(record);
            if ((flags & 32U) == 0) connection->settle();
        } else if ((what & 8U) == 0) {
            step(*connection, what);
        } else if (connection->deadline() != std::numeric_limits<Micros>::max()) {
            layers.wait(*connection);
        }
        layers.sink.take();
        layers.programs.take();
    }
    return 0;
}
