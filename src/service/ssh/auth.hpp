// SSH's authentication layer (RFC 4252, 4256, OpenSSH's PROTOCOL) of a server. No I/O, no waiting.
#pragma once

#include "service/service.hpp"
#include "service/ssh/login.hpp"
#include "service/ssh/message_sink.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace skep::service::ssh {

/// A public key that the peer offers; whether the user's authorized_keys holds it is the cell's to
/// say.
struct KeyQuestion {
    std::string user;
    std::string algorithm; ///< As offered: rsa-sha2-512, ...
    std::string blob;
};

/// The dialog from the service request to USERAUTH_SUCCESS. Every attempt is an event.
class Auth {
  public:
    enum class State : std::uint8_t {
        open,     ///< Goes on with receive().
        busy,     ///< Answers later: at deadline(), or when the question is answered.
        accepted, ///< username() is logged in; the connection layer takes over.
        ended,    ///< The transport has been told to end.
    };

    static std::unique_ptr<Auth> make(Session& session, MessageSink& transport);
    virtual ~Auth() = default;
    Auth(const Auth&) = delete;
    Auth& operator=(const Auth&) = delete;

    /// One message of Transport::next(), only while the state is open.
    virtual void receive(std::string_view payload) = 0;
    /// The time of deadline() has come.
    virtual void wake() = 0;
    /// When wake() is due: the end of a delay, or of LoginGraceTime.
    virtual Micros deadline() const noexcept = 0;
    virtual State state() const noexcept = 0;

    /// Set while the state is busy for it; to be answered once.
    virtual const std::optional<KeyQuestion>& question() const noexcept = 0;
    virtual void answer(KeyVerdict verdict) = 0;

    virtual const std::string& username() const noexcept = 0;
    /// Once, when the state is accepted.
    virtual Login take_login() = 0;

  protected:
    Auth() = default;
};

} // namespace skep::service::ssh
