// SSH's transport layer (RFC 4253) of a server: bytes in, messages out, and back. No I/O, no
// waiting.
#pragma once

#include "base/crypto/ssh_key.hpp"
#include "service/service.hpp"
#include "service/ssh/message_sink.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace skep::service::ssh {

/// How a connection ends once `out` is sent.
enum class Ending : std::uint8_t {
    none,    ///< It goes on.
    orderly, ///< FIN: the real server had read all that it was sent.
    reset,   ///< RST: the real server left bytes unread in its socket (close(2) with unread data).
};

/// What the layers above must know of the server and its keys.
struct TransportPlan {
    const Profile& profile;
    std::string_view identification;            ///< The whole line without CR LF.
    std::span<const crypto::HostKey> host_keys; ///< In the order of the profile's host_keys.
};

/// One connection's transport. It records client.version, client.kex (lists, HASSH) and
/// protocol.weird events; what the peer sent before a violation is recorded before it ends.
///
/// The order of use: start(); then receive() with what a read gave and next() until it has nothing
/// more; send() at any time. After each, `out` holds bytes for the peer. While the layer above is
/// busy (a delay after a wrong password) it does not call next(), and nothing is read, as by a real
/// server.
class Transport final : public MessageSink {
  public:
    Transport(Session& session, const TransportPlan& plan);
    ~Transport() override;

    /// The peer has connected.
    void start();
    /// What one read gave, at most read_bytes_max().
    void receive(std::string_view bytes);
    /// As much as the real server reads at once.
    std::size_t read_bytes_max() const noexcept;
    /// The payload of the next message for the layers above (service requests, 50 and higher; what
    /// belongs to the transport is answered here), or nothing. It stays valid until the next call
    /// of next() or receive(). The type in the first byte is already checked: no empty payloads.
    std::optional<std::string_view> next();

    /// Encrypts and queues a payload; during a key exchange it is kept until the new keys are in
    /// use (RFC 4253 section 7.1).
    void send(std::string_view payload) override;
    /// SSH_MSG_UNIMPLEMENTED for the message that next() gave last.
    void unimplemented() override;
    /// Sends SSH_MSG_DISCONNECT with language tag "" and ends in order.
    void disconnect(std::string_view text) override;
    /// Ends without a word, as a server does whose process has exited.
    void end() override;

    /// Authentication is done: delayed compression begins (zlib@openssh.com), strict limits end.
    void authenticated() override;

    Ending ending() const noexcept;
    /// Why it ended, for session.closed: a fixed word.
    std::string_view ending_reason() const noexcept;

    /// Exchange hash of the first key exchange (RFC 4253 section 7.2).
    std::string_view session_id() const noexcept override;
    /// The blob of the host key in use; for publickey-hostbound-v00@openssh.com.
    std::string_view host_key_blob() const noexcept override;
    /// The client's identification line, without its end.
    std::string_view client_identification() const noexcept override;
    const Profile& profile() const noexcept override;
    std::string_view rsa_algorithm() const noexcept override;

    std::string out; ///< To be sent, then cleared, by the owner.

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace skep::service::ssh
