// What OpenSSH's sshd (9.2p1 of Debian 12, with its backport of strict key exchange) does with a
// packet: packet.c, dispatch.c, kex.c.
#include "service/ssh/state.hpp"
#include "service/ssh/wire.hpp"

namespace skep::service::ssh {
namespace {

constexpr std::uint8_t local_min = 192;

/// The handler that kex.c installs for each state of an exchange.
std::uint8_t message_due(Exchange::Due due) {
    switch (due) {
    case Exchange::Due::kexinit: return static_cast<std::uint8_t>(Msg::kexinit);
    case Exchange::Due::init: return static_cast<std::uint8_t>(Msg::kexdh_init);
    case Exchange::Due::group_request: return static_cast<std::uint8_t>(Msg::kex_gex_request);
    case Exchange::Due::group_init: return static_cast<std::uint8_t>(Msg::kex_gex_init);
    case Exchange::Due::newkeys: return static_cast<std::uint8_t>(Msg::newkeys);
    }
    return 0;
}

} // namespace

void Transport::State::note_disconnect(std::string_view payload) {
    Reader reader_of{payload};
    reader_of.u8();
    const auto code = reader_of.u32();
    const auto text = reader_of.string();
    event::Event event{"client.disconnect", session.events.now()};
    event.number("code", code).text("data", text);
    session.events.record(std::move(event));
    out.resize(std::min(out.size(), flushed));
    finish("peer_disconnected");
}

/// ssh_packet_read_poll_seqnr(): messages that no handler sees.
bool Transport::State::take_openssh_common(const PacketRead& read) {
    const auto type = static_cast<Msg>(read.payload.front());
    if (type == Msg::disconnect) {
        note_disconnect(read.payload);
        return true;
    }
    // OpenSSH's PROTOCOL section 1.10: nothing but key exchange messages in a strict exchange.
    if (strict && is_first_exchange()) return false;
    Reader message{read.payload.substr(1)};
    switch (type) {
    case Msg::ignore: return true;
    case Msg::debug:
        message.u8();
        message.string();
        message.string();
        break;
    case Msg::unimplemented: message.u32(); break;
    default: return false;
    }
    if (!message.ok()) die("message_malformed", read.payload);
    return true;
}

/// kex_protocol_error() and dispatch_protocol_error()
void Transport::State::openssh_protocol_error(const PacketRead& read) {
    report.weird("message_unexpected", read.payload);
    if (!strict || !is_first_exchange()) return unimplemented(read.sequence);
    const auto type = static_cast<std::uint8_t>(read.payload.front());
    farewell("strict KEX violation: unexpected packet type " + std::to_string(type) + " (seqnr " +
                 std::to_string(read.sequence) + ")",
             "strict_kex");
}

std::optional<std::string_view> Transport::State::dispatch_openssh(const PacketRead& read) {
    const auto type = static_cast<std::uint8_t>(read.payload.front());
    // packet.c does this for every NEWKEYS that it reads, whether one is due or not.
    if (strict && type == static_cast<std::uint8_t>(Msg::newkeys)) reader.restart_sequence();
    if (type == 0 || type >= local_min) {
        report.weird("message_type", read.payload);
        farewell("Invalid ssh2 packet type: " + std::to_string(type), "message_type");
        return std::nullopt;
    }
    if (take_openssh_common(read)) return std::nullopt;
    // Until the first exchange is done there are no handlers for these: "protocol error: rcvd type"
    // is put into a buffer that is never written.
    const bool repeats = type == static_cast<std::uint8_t>(Msg::kexinit) && exchange &&
                         exchange->due != Exchange::Due::kexinit &&
                         exchange->due != Exchange::Due::newkeys;
    if ((is_first_exchange() && type > transport_max) || (repeats && !profile.strict_kex)) {
        die("message_unexpected", read.payload);
        return std::nullopt;
    }
    if (skip_next) {
        skip_next = false;
        return std::nullopt;
    }
    // do_authentication2() takes the handler of KEXINIT away until the user is authenticated.
    const bool begins = !exchange && phase == Phase::connected;
    const auto due = exchange ? exchange->due : Exchange::Due::kexinit;
    if ((exchange || begins) && type == message_due(due)) {
        due == Exchange::Due::kexinit ? take_kexinit(read) : take_exchange_message(read);
        return std::nullopt;
    }
    if (!is_first_exchange() &&
        (type > transport_max || type == static_cast<std::uint8_t>(Msg::service_request)))
        return read.payload;
    openssh_protocol_error(read);
    return std::nullopt;
}

} // namespace skep::service::ssh
