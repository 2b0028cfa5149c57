#include "service/ssh/transport.hpp"

#include "service/ssh/state.hpp"
#include "service/ssh/wire.hpp"

#include <algorithm>

namespace skep::service::ssh {
namespace {

// sshd reads 8 KiB until the user is authenticated, then as much as a packet may have (9.2p1).
constexpr std::size_t read_bytes_before = 8192;
constexpr std::size_t read_bytes_after = std::size_t{256} * 1024;

} // namespace

Transport::State::State(Session& owner, const TransportPlan& plan, std::string& to_peer)
    : session{owner}, profile{plan.profile}, server_identification{plan.identification},
      host_keys{plan.host_keys}, out{to_peer}, report{owner}, reader{plan.profile.family},
      writer{plan.profile.family} {}

void Transport::State::identify() {
    const auto bytes = reader.waiting();
    auto found = read_identification(profile, bytes);
    if (found.state == Identification::State::unfinished) return reader.see_all();
    if (found.line.starts_with("SSH-")) report.version(found.line);
    if (found.state == Identification::State::refused) {
        report.weird(found.why, bytes);
        if (!found.line.starts_with("SSH-")) report.other_protocol(bytes);
        reader.skip(found.used);
        out += found.reply;
        return finish(found.why);
    }
    reader.skip(found.used);
    client_identification = std::move(found.line);
    phase = Phase::first_exchange;
    if (profile.family == Family::openssh) {
        quirks = quirks_of(client_identification);
        begin_exchange();
    }
}

std::optional<std::string_view> Transport::State::next() {
    const bool buffers_replies = phase == Phase::connected && profile.family == Family::openssh;
    while (ending == Ending::none) {
        if (phase == Phase::identification) {
            identify();
            if (phase == Phase::identification) return std::nullopt;
            continue;
        }
        // Before authentication each answer is written before the next packet is read; later sshd
        // writes once for all that a read gave.
        if (!buffers_replies) flushed = out.size();
        auto read = reader.next(buffers_replies ? read_bytes_after : read_bytes_before);
        if (read.state == PacketRead::State::none) return std::nullopt;
        if (read.state == PacketRead::State::refused) {
            if (read.farewell.empty()) {
                die(read.why, reader.waiting());
            } else {
                report.weird(read.why);
                farewell(read.farewell, read.why);
            }
            return std::nullopt;
        }
        last_sequence = read.sequence;
        const auto payload =
            profile.family == Family::openssh ? dispatch_openssh(read) : dispatch_dropbear(read);
        if (ending == Ending::none) rekey_if_due();
        if (payload) return payload;
    }
    return std::nullopt;
}

void Transport::State::send(std::string_view payload) {
    if (ending != Ending::none || payload.empty()) return;
    const bool exchanges =
        is_exchange_type(profile.family, static_cast<std::uint8_t>(payload.front()));
    if (!exchanges && holding) {
        held.emplace_back(payload);
    } else if (!exchanges && profile.family == Family::openssh && needs_rekey(payload.size())) {
        held.emplace_back(payload);
        begin_exchange();
    } else {
        writer.write(payload, out);
    }
}

void Transport::State::unimplemented(std::uint32_t sequence) {
    send(Writer{Msg::unimplemented}.u32(sequence).bytes());
}

void Transport::State::farewell(std::string_view text, std::string_view why) {
    Writer message{Msg::disconnect};
    message.u32(disconnect_protocol_error).string(text).string("");
    send(message.bytes());
    finish(why);
}

void Transport::State::die(std::string_view why, std::string_view bytes) {
    report.weird(why, bytes);
    out.resize(std::min(out.size(), flushed));
    finish(why);
}

void Transport::State::finish(std::string_view why) {
    if (ending != Ending::none) return;
    ending = reader.leaves_unread() ? Ending::reset : Ending::orderly;
    ending_reason = why;
    exchange.reset();
    held.clear();
}

bool is_exchange_type(Family family, std::uint8_t type) noexcept {
    if (type > transport_max) return false;
    switch (static_cast<Msg>(type)) {
    case Msg::service_request:
    case Msg::service_accept: return false;
    case Msg::ext_info: return family == Family::dropbear;
    default: return true;
    }
}

Transport::Transport(Session& session, const TransportPlan& plan)
    : state_{std::make_unique<State>(session, plan, out)} {}

Transport::~Transport() = default;

void Transport::start() {
    out += state_->server_identification;
    out += "\r\n";
    if (state_->profile.family == Family::dropbear) state_->begin_exchange();
}

void Transport::receive(std::string_view bytes) {
    if (state_->ending != Ending::none) return;
    state_->reader.feed(bytes);
    state_->flushed = out.size();
    state_->rekey_if_due();
}

std::size_t Transport::read_bytes_max() const noexcept {
    return state_->phase == State::Phase::connected ? read_bytes_after : read_bytes_before;
}

std::optional<std::string_view> Transport::next() {
    return state_->next();
}

void Transport::send(std::string_view payload) {
    state_->send(payload);
}

void Transport::unimplemented() {
    state_->unimplemented(state_->last_sequence);
}

void Transport::disconnect(std::string_view text) {
    if (state_->ending == Ending::none) state_->farewell(text, "disconnected");
}

void Transport::end() {
    auto& state = *state_;
    const auto unread = state.reader.waiting();
    if (state.ending == Ending::none && state.phase == State::Phase::identification &&
        !unread.empty())
        state.report.weird("identification_unfinished", unread);
    state.finish("ended");
}

void Transport::authenticated() {
    auto& state = *state_;
    state.phase = State::Phase::connected;
    if (state.compress_in) state.reader.start_inflating();
    if (state.compress_out) state.writer.start_deflating();
}

Ending Transport::ending() const noexcept {
    return state_->ending;
}

std::string_view Transport::ending_reason() const noexcept {
    return state_->ending_reason;
}

std::string_view Transport::session_id() const noexcept {
    return state_->session_id;
}

std::string_view Transport::rsa_algorithm() const noexcept {
    return state_->rsa_algorithm.empty() ? state_->rsa_fallback : state_->rsa_algorithm;
}

std::string_view Transport::host_key_blob() const noexcept {
    const auto* key = state_->first_host_key;
    return key == nullptr ? std::string_view{} : std::string_view{key->blob()};
}

std::string_view Transport::client_identification() const noexcept {
    return state_->client_identification;
}

const Profile& Transport::profile() const noexcept {
    return state_->profile;
}

} // namespace skep::service::ssh
