// Key exchanges of Transport: when they begin, what they answer, and what changes after them.
#include "base/bytes.hpp"
#include "service/ssh/name_list.hpp"
#include "service/ssh/state.hpp"
#include "service/ssh/wire.hpp"

#include <algorithm>

namespace skep::service::ssh {
namespace {

constexpr std::string_view strict_marker = "kex-strict-c-v00@openssh.com";

// dropbear's sysoptions.h: KEX_REKEY_TIMEOUT and KEX_REKEY_DATA
constexpr Micros dropbear_rekey_after = Micros{8} * 3600 * 1'000'000;
constexpr std::uint64_t dropbear_rekey_bytes = std::uint64_t{1} << 30U;

constexpr std::uint32_t packets_max = 1U << 31U; ///< RFC 4344 section 3.1; OpenSSH's MAX_PACKETS

/// ssh_set_newkeys() of OpenSSH: 2^(2 * block size) blocks, and for small blocks 1 GiB.
std::uint64_t blocks_max(std::size_t block_bytes, std::uint64_t rekey_bytes) {
    const auto most = block_bytes >= 16 ? std::uint64_t{1} << (block_bytes * 2)
                                        : (std::uint64_t{1} << 30U) / block_bytes;
    return rekey_bytes == 0 ? most : std::min(most, rekey_bytes / block_bytes);
}

/// OpenSSH reads lists as C strings: a NUL anywhere but at the end is refused.
bool has_inner_nul(const Proposal& client) {
    return std::ranges::any_of(client.lists, [](std::string_view list) {
        return list.substr(0, list.empty() ? 0 : list.size() - 1).contains('\0');
    });
}

} // namespace

/// The kex list of our KEXINIT, without what the client is known to do wrongly.
std::string Transport::State::kex_list() const {
    std::string list;
    for (auto rest = profile.kex; !rest.empty();) {
        const auto name = take_name(rest);
        if (quirks.no_libssh_curve && name == "curve25519-sha256@libssh.org") continue;
        if (quirks.no_group_exchange && name.starts_with("diffie-hellman-group-exchange-"))
            continue;
        if (!list.empty()) list += ',';
        list += name;
    }
    return list;
}

void Transport::State::begin_exchange() {
    exchange = std::make_unique<Exchange>(
        build_proposal(profile, kex_list(), usable_host_keys(profile.host_keys, host_keys)));
    if (profile.family == Family::dropbear && session_id.empty())
        required = static_cast<std::uint8_t>(Msg::kexinit);
    writer.write(exchange->own(), out);
    holding = true;
}

/// ssh_packet_need_rekeying() of OpenSSH 9.2.
bool Transport::State::needs_rekey(std::size_t payload_bytes) const {
    if (phase != Phase::connected || exchange || quirks.no_rekey) return false;
    if (writer.packets() == 0 && reader.packets() == 0) return false;
    if (writer.packets() > packets_max || reader.packets() > packets_max) return true;
    const auto block = writer.block_bytes();
    // It adds the packet's rounded bytes to a number of blocks.
    const auto next = payload_bytes == 0 ? 0 : (payload_bytes + 5 + block - 1) / block * block;
    return writer.blocks() + next > blocks_max(block, profile.rekey_bytes) ||
           reader.blocks() > blocks_max(reader.block_bytes(), profile.rekey_bytes);
}

void Transport::State::rekey_if_due() {
    if (exchange || session_id.empty()) return;
    if (profile.family == Family::openssh) {
        if (needs_rekey(0)) begin_exchange();
        return;
    }
    if (session.events.now() - keys_since >= dropbear_rekey_after ||
        reader.bytes() + writer.bytes() >= dropbear_rekey_bytes)
        begin_exchange();
}

void Transport::State::take_kexinit(const PacketRead& read) {
    std::string_view rest;
    const auto client = parse_proposal(read.payload, rest);
    const bool openssh = profile.family == Family::openssh;
    if (!client || (openssh ? !rest.empty() : !dropbear_takes(*client)))
        return die("kexinit_malformed", read.payload);
    if (is_first_exchange()) report.kex(client_identification, *client);
    if (openssh && has_inner_nul(*client)) return die("kexinit_malformed", read.payload);
    if (!exchange) begin_exchange();

    // NOLINTNEXTLINE(bugprone-unchecked-optional-access): we wrote it
    const auto own = parse_proposal(exchange->own(), rest).value();
    const Negotiation negotiation{profile.family, *client, own};
    if (is_first_exchange()) {
        strict = profile.strict_kex && negotiation.client_offers(Offer::kex, strict_marker);
        ext_info =
            !profile.server_sig_algs.empty() && negotiation.client_offers(Offer::kex, "ext-info-c");
        for (const std::string_view name : {"rsa-sha2-256", "rsa-sha2-512"})
            if (negotiation.client_offers(Offer::host_key, name)) rsa_fallback = name;
        if (strict && read.sequence != 0) {
            if (!openssh) return die("strict_kex");
            report.weird("strict_kex");
            return farewell("strict KEX violation: KEXINIT was not the first packet", "strict_kex");
        }
    }
    std::string_view missing;
    const auto choice = negotiation.choose(missing);
    if (!choice) return die("kex_no_match", missing);
    skip_next = choice->wrong_guess;
    exchange->begin(read.payload, *choice, *key_for(choice->host_key, host_keys));
    rsa_algorithm =
        exchange->host_key().type() == "ssh-rsa" ? choice->host_key : std::string_view{};
    if (!openssh) required = static_cast<std::uint8_t>(Msg::kexdh_init);
}

void Transport::State::take_exchange_message(const PacketRead& read) {
    const Parties parties{client_identification, server_identification, session_id};
    using Due = Exchange::Due;
    if (exchange->due == Due::newkeys) return take_newkeys(read.payload);
    const bool proposes = exchange->due == Due::group_request;
    auto answer = proposes ? exchange->propose_group(read.payload)
                  : exchange->due == Due::group_init
                      ? exchange->answer_in_group(read.payload, parties)
                      : exchange->answer(read.payload, parties);
    if (!answer) return die("kex_value", read.payload);
    writer.write(*answer, out);
    if (proposes) return;
    if (session_id.empty()) {
        session_id = exchange->exchange_hash();
        first_host_key = &exchange->host_key();
    }
    exchange->derive(session_id);
    send_newkeys();
    if (is_first_exchange() && ext_info) send_ext_info();
    if (profile.family == Family::dropbear) required = static_cast<std::uint8_t>(Msg::newkeys);
}

void Transport::State::send_newkeys() {
    writer.write(Writer{Msg::newkeys}.bytes(), out);
    writer.change_keys(std::move(exchange->out));
    writer.stop_deflating();
    compress_out = exchange->choice().compress_out;
    if (compress_out && phase == Phase::connected) writer.start_deflating();
    if (strict) writer.restart_sequence();
    holding = false;
    for (const auto& payload : held)
        writer.write(payload, out);
    std::vector<std::string>{}.swap(held);
}

void Transport::State::take_newkeys(std::string_view payload) {
    // dropbear does not look behind the message's number.
    if (profile.family == Family::openssh && payload.size() > 1)
        return die("newkeys_malformed", payload);
    reader.change_keys(std::move(exchange->in));
    reader.stop_inflating();
    compress_in = exchange->choice().compress_in;
    if (compress_in && phase == Phase::connected) reader.start_inflating();
    if (strict && profile.family == Family::dropbear) reader.restart_sequence();
    if (is_first_exchange()) {
        report.keys(exchange->choice());
        phase = Phase::authentication;
    }
    exchange.reset();
    required = 0;
    keys_since = session.events.now();
}

/// RFC 8308 section 2.3, and OpenSSH's PROTOCOL sections 1.8 and 3.
void Transport::State::send_ext_info() {
    const bool openssh = profile.family == Family::openssh;
    const std::uint32_t count = 1U + (profile.hostbound ? 1U : 0U);
    Writer message{Msg::ext_info};
    message.u32(count).string("server-sig-algs").string(profile.server_sig_algs);
    if (openssh && profile.hostbound) message.string("publickey-hostbound@openssh.com").string("0");
    writer.write(message.bytes(), out);
}

} // namespace skep::service::ssh
