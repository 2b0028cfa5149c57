// What the layers above the transport ask of it; the transport, or a fake in tests and fuzzers.
#pragma once

#include "service/ssh/numbers.hpp"
#include "service/ssh/profile.hpp"

#include <string_view>

namespace skep::service::ssh {

/// Takes messages for the peer and knows what the key exchange agreed on.
class MessageSink {
  public:
    virtual ~MessageSink() = default;
    MessageSink(const MessageSink&) = delete;
    MessageSink& operator=(const MessageSink&) = delete;

    /// Queues a payload for the peer.
    virtual void send(std::string_view payload) = 0;
    /// SSH_MSG_UNIMPLEMENTED for the message that is being answered.
    virtual void unimplemented() = 0;
    /// Sends SSH_MSG_DISCONNECT with the only reason that sshd gives, protocol error, and language
    /// tag "", and ends in order.
    virtual void disconnect(std::string_view text) = 0;
    /// Ends without a word, as a server does whose process has exited.
    virtual void end() = 0;
    /// Authentication is done: delayed compression begins, strict limits end.
    virtual void authenticated() = 0;

    /// Exchange hash of the first key exchange (RFC 4253 section 7.2).
    virtual std::string_view session_id() const noexcept = 0;
    /// The blob of the host key that the first key exchange used.
    virtual std::string_view host_key_blob() const noexcept = 0;
    /// The client's identification line, without its end.
    virtual std::string_view client_identification() const noexcept = 0;
    virtual const Profile& profile() const noexcept = 0;

    /// How an RSA host key signs for hostkeys-prove-00@openssh.com: the algorithm of the key
    /// exchange if that was RSA's, else the best that the client's first KEXINIT has, else SHA-1's.
    virtual std::string_view rsa_algorithm() const noexcept = 0;

  protected:
    MessageSink() = default;
};

} // namespace skep::service::ssh
