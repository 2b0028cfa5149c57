// The inside of Transport, shared by the files that make up its parts.
#pragma once

#include "service/ssh/exchange.hpp"
#include "service/ssh/identification.hpp"
#include "service/ssh/packet_reader.hpp"
#include "service/ssh/packet_writer.hpp"
#include "service/ssh/report.hpp"
#include "service/ssh/transport.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skep::service::ssh {

struct Transport::State {
    enum class Phase : std::uint8_t { identification, first_exchange, authentication, connected };

    State(Session& session, const TransportPlan& plan, std::string& to_peer);

    Session& session;
    const Profile& profile;
    std::string server_identification;
    std::span<const crypto::HostKey> host_keys;
    std::string& out;
    Report report;
    PacketReader reader;
    PacketWriter writer;

    Phase phase = Phase::identification;
    Ending ending = Ending::none;
    std::string_view ending_reason;

    std::string client_identification, session_id;
    const crypto::HostKey* first_host_key = nullptr;
    std::string rsa_algorithm;                 ///< Of the last exchange; empty if not RSA's.
    std::string_view rsa_fallback = "ssh-rsa"; ///< The best of the client's first KEXINIT.
    Quirks quirks;
    bool strict = false;   ///< Both have kex-strict (OpenSSH's PROTOCOL section 1.10).
    bool ext_info = false; ///< The client takes EXT_INFO (RFC 8308).
    bool compress_in = false, compress_out = false; ///< Chosen; in use after authentication.

    std::unique_ptr<Exchange> exchange; ///< Only while one goes on.
    bool holding = false;               ///< From our KEXINIT to our NEWKEYS.
    std::vector<std::string> held;      ///< What waits for our NEWKEYS.
    bool skip_next = false;             ///< The client guessed wrongly.
    std::uint8_t required = 0;          ///< dropbear's `requirenext`; 0: none.
    Micros keys_since = 0;              ///< dropbear's `lastkextime`

    std::uint32_t last_sequence = 0;
    /// How much of `out` the real server has written to its socket: the rest is lost if it dies.
    std::size_t flushed = 0;

    // transport.cpp
    void identify();
    std::optional<std::string_view> next();
    void send(std::string_view payload);
    void unimplemented(std::uint32_t sequence);
    /// DISCONNECT and the end.
    void farewell(std::string_view text, std::string_view why);
    /// The end as of a process that exits: what it had not written yet is lost.
    void die(std::string_view why, std::string_view bytes = {});
    void finish(std::string_view why);

    // rekey.cpp
    void begin_exchange();
    bool needs_rekey(std::size_t payload_bytes) const;
    void rekey_if_due();
    void take_kexinit(const PacketRead& read);
    /// One of the messages that the exchange waits for, but KEXINIT.
    void take_exchange_message(const PacketRead& read);
    void send_newkeys();
    void take_newkeys(std::string_view payload);
    void send_ext_info();
    std::string kex_list() const;

    // openssh.cpp, dropbear.cpp: the payload if it is for the layers above.
    std::optional<std::string_view> dispatch_openssh(const PacketRead& read);
    std::optional<std::string_view> dispatch_dropbear(const PacketRead& read);
    /// Those that both answer alike; whether it was one.
    bool take_openssh_common(const PacketRead& read);
    void note_disconnect(std::string_view payload);
    void openssh_protocol_error(const PacketRead& read);

    bool is_first_exchange() const noexcept { return phase == Phase::first_exchange; }
};

/// Whether a message may be sent during a key exchange.
bool is_exchange_type(Family family, std::uint8_t type) noexcept;

} // namespace skep::service::ssh
