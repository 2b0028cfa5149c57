// Authentication as sshd of OpenSSH plays it with Debian's sshd_config: PasswordAuthentication and
// PubkeyAuthentication yes, UsePAM yes, PermitRootLogin yes, PermitEmptyPasswords no. The facts are
// those of 9.2p1 (auth2.c and the auth2-METHOD.c).
#pragma once

#include "service/ssh/auth_base.hpp"
#include "service/ssh/auth_key.hpp"

namespace skep::service::ssh {

class OpensshAuth final : public AuthBase {
  public:
    OpensshAuth(Session& session, MessageSink& sink);

    void receive(std::string_view payload) override;
    void answer(KeyVerdict verdict) override;

  private:
    /// What a method says.
    enum class Outcome : std::uint8_t {
        failed,
        accepted,
        postponed, ///< Answered by another message; no failure.
        pending,   ///< The question is asked, or the session has ended.
    };

    struct Method {
        std::string_view name;
        Outcome (OpensshAuth::*run)(Reader& in);
    };

    /// What is left of a publickey request while the cell is asked.
    struct Pending {
        std::string algorithm, blob, signature, data;
        bool signed_ = false;
    };

    void on_service_request(Reader& in);
    void on_request(Reader in);
    void on_info_response(Reader& in);
    /// The first request fixes user and service.
    bool same_user(std::string_view user, std::string_view service);
    const Method* find_method(std::string_view name) const;
    Outcome none(Reader& in);
    Outcome password(Reader& in);
    Outcome public_key(Reader& in);
    Outcome keyboard_interactive(Reader& in);
    Outcome check_key(const KeyOffer& offer, std::string_view host_key, Reader& in);
    bool acceptable(const KeyOffer& offer) const;
    Outcome try_password(std::string_view password);
    /// The message cannot be read: fatal() in the real one.
    Outcome fatal(std::string_view name);
    /// Answers when the time that the real one takes is over.
    void conclude(Outcome outcome);
    void go_on() override;
    void count_failure();
    Micros own_delay();

    std::string service_, style_;
    std::string method_; ///< Of the request that is being answered.
    std::optional<Pending> pending_;
    Micros started_ = 0; ///< When that request came.
    Micros work_ = 0;    ///< Time that the real one's PAM would have taken.
    std::uint32_t attempts_ = 0, failures_ = 0;
    Outcome outcome_ = Outcome::failed;
    bool requests_allowed_ = false;
    bool none_allowed_ = true;
    bool valid_ = false;      ///< For ssh-connection; nobody has an account for other services.
    bool challenged_ = false; ///< An INFO_REQUEST waits for its answer.
    bool logged_in_ = false;  ///< PAM is content; the empty INFO_REQUEST is out.
};

} // namespace skep::service::ssh
