// What dropbear (2022.83 of Debian 12, with its backport of strict key exchange) does with a
// packet: process-packet.c, common-kex.c.
#include "service/ssh/state.hpp"

namespace skep::service::ssh {
namespace {

constexpr std::uint8_t unauthenticated_max = 60; ///< MAX_UNAUTH_PACKET_TYPE

} // namespace

std::optional<std::string_view> Transport::State::dispatch_dropbear(const PacketRead& read) {
    const auto type = static_cast<std::uint8_t>(read.payload.front());
    const auto message = static_cast<Msg>(type);
    if (message == Msg::disconnect) {
        note_disconnect(read.payload);
        return std::nullopt;
    }
    // Its strict exchange ends with its own NEWKEYS.
    const bool strict_first = strict && session_id.empty();
    if (!strict_first &&
        (message == Msg::ignore || message == Msg::debug || message == Msg::unimplemented))
        return std::nullopt;
    if (required != 0 && type != required) {
        const bool allowed = type >= 1 && type <= transport_max &&
                             message != Msg::service_request && message != Msg::service_accept &&
                             message != Msg::kexinit && !strict_first;
        if (!allowed) {
            die("message_unexpected", read.payload);
            return std::nullopt;
        }
        report.weird("message_unexpected", read.payload);
        unimplemented(read.sequence);
        return std::nullopt;
    }
    if (skip_next) {
        skip_next = false;
        return std::nullopt;
    }
    required = 0;
    if (phase != Phase::connected && type > unauthenticated_max) {
        die("message_unexpected", read.payload);
        return std::nullopt;
    }
    using Due = Exchange::Due;
    const auto wrong = [&](Due due) { return !exchange || exchange->due != due; };
    switch (message) {
    case Msg::kexinit:
        exchange&& wrong(Due::kexinit) ? die("message_unexpected", read.payload)
                                       : take_kexinit(read);
        return std::nullopt;
    case Msg::kexdh_init:
        wrong(Due::init) ? die("message_unexpected", read.payload) : take_exchange_message(read);
        return std::nullopt;
    case Msg::newkeys:
        wrong(Due::newkeys) ? die("message_unexpected", read.payload) : take_exchange_message(read);
        return std::nullopt;
    case Msg::service_request: return read.payload;
    default: break;
    }
    if (type > transport_max) return read.payload;
    report.weird("message_unexpected", read.payload);
    unimplemented(read.sequence);
    return std::nullopt;
}

} // namespace skep::service::ssh
