// Message and reason numbers (RFC 4250 section 4.1, OpenSSH's PROTOCOL).
#pragma once

#include <cstdint>

namespace skep::service::ssh {

enum class Msg : std::uint8_t {
    disconnect = 1,
    ignore = 2,
    unimplemented = 3,
    debug = 4,
    service_request = 5,
    service_accept = 6,
    ext_info = 7,
    kexinit = 20,
    newkeys = 21,
    kexdh_init = 30,  ///< Also KEX_ECDH_INIT, and KEX_DH_GEX_REQUEST_OLD.
    kexdh_reply = 31, ///< Also KEX_ECDH_REPLY, KEX_DH_GEX_GROUP.
    kex_gex_init = 32,
    kex_gex_reply = 33,
    kex_gex_request = 34,
    userauth_request = 50,
    userauth_failure = 51,
    userauth_success = 52,
    userauth_pk_ok = 60, ///< Also USERAUTH_INFO_REQUEST, USERAUTH_PASSWD_CHANGEREQ.
    userauth_info_response = 61,
    userauth_gssapi_exchange_complete = 63, ///< RFC 4462 section 3.4
    global_request = 80,
    request_success = 81,
    request_failure = 82,
    channel_open = 90,
    channel_open_confirmation = 91,
    channel_open_failure = 92,
    channel_window_adjust = 93,
    channel_data = 94,
    channel_extended_data = 95,
    channel_eof = 96,
    channel_close = 97,
    channel_request = 98,
    channel_success = 99,
    channel_failure = 100,
};

/// The last number of the transport's own messages (RFC 4250 section 4.1.1).
constexpr std::uint8_t transport_max = 49;

/// SSH_DISCONNECT_PROTOCOL_ERROR: ssh_packet_disconnect() of OpenSSH gives no other reason.
constexpr std::uint32_t disconnect_protocol_error = 2;

enum class OpenFailure : std::uint32_t {
    administratively_prohibited = 1,
    connect_failed = 2,
    unknown_channel_type = 3,
    resource_shortage = 4,
};

} // namespace skep::service::ssh
