// Passwords (RFC 4252 section 8, auth2-passwd.c, auth-pam.c), keyboard-interactive (RFC 4256,
// auth2-chall.c) and public keys (RFC 4252 section 7, auth2-pubkey.c).
#include "base/crypto/random.hpp"
#include "base/crypto/ssh_key.hpp"
#include "service/pam_delay.hpp"
#include "service/ssh/auth_openssh.hpp"
#include "service/ssh/name_list.hpp"

#include <utility>

namespace skep::service::ssh {
namespace {

constexpr std::size_t password_bytes_max = 1024; // MAX_PASSWORD_LEN of auth.h
constexpr unsigned rsa_bits_min = 1024;          // SSH_RSA_MINIMUM_MODULUS_SIZE of sshkey.h
constexpr Micros unix_fail_delay = 2'000'000;    // pam_unix asks for 2 s

/// pam_unix with yescrypt as Debian 12 sets it up, and the rest of common-auth: 18 to 30 ms.
Micros pam_work() {
    return 18'000 + static_cast<Micros>(crypto::random_below(12'000));
}

Writer info_request(bool asks) {
    Writer request{Msg::userauth_pk_ok};
    request.string("").string("").string("").u32(asks ? 1 : 0);
    if (asks) request.string("Password: ").boolean(false);
    return request;
}

} // namespace

OpensshAuth::Outcome OpensshAuth::password(Reader& in) {
    const bool change = in.boolean();
    const auto password = c_string(in);
    const auto new_password = change ? c_string(in) : std::string_view{};
    if (!password || !new_password || !in.done()) {
        if (password) record_refused(*password);
        return fatal("ssh.bad_password_request");
    }
    if (change) { // "password change not supported"
        record_refused(*password, *new_password);
        return Outcome::failed;
    }
    return try_password(*password);
}

OpensshAuth::Outcome OpensshAuth::try_password(std::string_view password) {
    // auth_password() refuses these without asking PAM, so they cost no delay.
    if (password.empty() || password.size() > password_bytes_max) {
        record_refused(password);
        return Outcome::failed;
    }
    work_ += pam_work();
    if (session_.auth.try_password(user_, password) == Verdict::accepted) return Outcome::accepted;
    work_ += pam_fail_delay(unix_fail_delay);
    return Outcome::failed;
}

OpensshAuth::Outcome OpensshAuth::keyboard_interactive(Reader& in) {
    const auto language = c_string(in);
    const auto devices = c_string(in);
    if (!language || !devices || !in.done()) return fatal("ssh.bad_kbdint_request");
    sink_.send(info_request(true).bytes());
    challenged_ = true;
    return Outcome::postponed;
}

void OpensshAuth::on_info_response(Reader& in) {
    const auto count = in.u32();
    const bool finishes = std::exchange(logged_in_, false);
    const auto answer = finishes ? std::string_view{} : c_string(in);
    if (!answer || count != (finishes ? 0 : 1) || !in.done()) {
        if (answer && !finishes) record_refused(*answer);
        refuse_message("ssh.bad_info_response");
        return;
    }
    challenged_ = false;
    work_ = 0;
    auto outcome = finishes ? Outcome::accepted : try_password(*answer);
    if (!finishes && outcome == Outcome::accepted) {
        // PAM's conversation has no more to ask: one more request, without a prompt.
        sink_.send(info_request(false).bytes());
        challenged_ = logged_in_ = true;
        outcome = Outcome::postponed;
    }
    conclude(outcome);
}

OpensshAuth::Outcome OpensshAuth::public_key(Reader& in) {
    KeyOffer offer;
    offer.has_signature = in.u8();
    const auto algorithm = c_string(in);
    offer.blob = in.string();
    if (!algorithm || !in.ok()) return fatal("ssh.bad_publickey_request");
    offer.algorithm = *algorithm;
    record_key(offer.blob);
    std::string_view host_key;
    if (method_ != "publickey") {
        // OpenSSH's PROTOCOL section 1.9: the host key of the initial key exchange.
        host_key = in.string();
        if (!in.ok() || host_key.empty() || host_key != sink_.host_key_blob())
            return fatal("ssh.wrong_host_key");
    }
    return acceptable(offer) ? check_key(offer, host_key, in) : Outcome::failed;
}

bool OpensshAuth::acceptable(const KeyOffer& offer) const {
    const auto* algorithm = find_key_algorithm(offer.algorithm);
    if (algorithm == nullptr) return false;
    // PubkeyAcceptedAlgorithms has the same default as HostKeyAlgorithms: no SHA-1 since 8.8.
    if (offer.algorithm == "ssh-rsa" && !lists(sink_.profile().host_keys, "ssh-rsa")) return false;
    const auto key = crypto::describe_key(offer.blob);
    if (!key || key->type != algorithm->key_type) return false;
    return key->type != "ssh-rsa" || key->bits >= rsa_bits_min;
}

OpensshAuth::Outcome
OpensshAuth::check_key(const KeyOffer& offer, std::string_view host_key, Reader& in) {
    Pending pending;
    pending.signed_ = offer.has_signature != 0;
    if (pending.signed_) pending.signature = in.string();
    if (!in.done()) return fatal("ssh.bad_publickey_request");
    if (!valid_) return Outcome::failed;
    pending.algorithm = offer.algorithm;
    pending.blob = offer.blob;
    if (pending.signed_) {
        Writer id;
        if (compat_of(sink_.client_identification()).old_session_id)
            id.raw(sink_.session_id());
        else
            id.string(sink_.session_id());
        const std::string user = user_ + style_;
        const SignedRequest request{user, service_, method_, offer, host_key};
        pending.data = std::move(id).take() + signed_bytes(request);
    }
    ask({user_, pending.algorithm, pending.blob});
    pending_ = std::move(pending);
    return Outcome::pending;
}

void OpensshAuth::answer(KeyVerdict verdict) {
    if (!question_ || !pending_ || state_ != State::busy) return;
    question_.reset();
    const auto key = std::move(*pending_);
    pending_.reset();
    keep_notes(verdict.notes);
    if (!verdict.held) {
        conclude(Outcome::failed);
        return;
    }
    if (!key.signed_) {
        Writer ok{Msg::userauth_pk_ok};
        ok.string(key.algorithm).string(key.blob);
        sink_.send(ok.bytes());
        conclude(Outcome::postponed);
        return;
    }
    auto algorithm = std::string_view{key.algorithm};
    if (compat_of(sink_.client_identification()).free_signature)
        algorithm = signature_algorithm(key.signature);
    const bool good = crypto::verify_signature(key.blob, algorithm, key.signature, key.data);
    if (good) {
        session_.auth.accept_key(user_, crypto::fingerprint_of(key.blob));
        key_options_ = std::move(verdict.options);
    } else {
        weird("ssh.bad_signature", key.algorithm);
    }
    conclude(good ? Outcome::accepted : Outcome::failed);
}

} // namespace skep::service::ssh
