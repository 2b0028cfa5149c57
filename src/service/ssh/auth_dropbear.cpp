// Authentication as dropbear 2022.83 plays it (svr-auth.c, svr-authpasswd.c, svr-authpubkey.c,
// svr-service.c). It says nothing before it ends: dropbear_exit() closes the socket.
#include "base/crypto/random.hpp"
#include "base/crypto/ssh_key.hpp"
#include "service/ssh/auth_base.hpp"
#include "service/ssh/auth_key.hpp"

#include <utility>

namespace skep::service::ssh {
namespace {

constexpr std::uint8_t type_max = 60;           // MAX_UNAUTH_PACKET_TYPE
constexpr std::size_t username_bytes_max = 100; // MAX_USERNAME_LEN
constexpr std::size_t password_bytes_max = 100; // DROPBEAR_MAX_PASSWORD_LEN
constexpr std::string_view methods = "publickey,password";

/// Of keys that its algorithm (signkey.c, as Debian compiles it) signs with: the name in their
/// blob. checkpubkey() compares it, so that no certificate passes for its key. Nothing for an
/// algorithm that it does not know.
std::optional<std::string_view> key_type_of(std::string_view algorithm) {
    const auto* const found = find_key_algorithm(algorithm);
    if (found == nullptr || algorithm == "rsa-sha2-512") return std::nullopt;
    return found->key_type;
}

/// What its verifiers see of a signature before they compute.
enum class Look : std::uint8_t { fits, wrong, unreadable };

/// `rest` is what follows the signature's length, which says `bytes`.
Look look_at(const crypto::PublicKeyInfo& key, std::uint32_t bytes, std::string_view rest) {
    constexpr std::uint32_t ed25519_bytes = 64;
    const auto fits = [](bool good) { return good ? Look::fits : Look::wrong; };
    if (key.type == "ssh-ed25519") // buf_ed25519_verify()
        return fits(bytes == ed25519_bytes && rest.size() >= bytes);
    if (key.type == "ssh-rsa") // buf_rsa_verify() takes all that is left
        return fits(bytes == (key.bits + 7) / 8 && rest.size() == bytes);
    Reader numbers{rest}; // buf_get_ecdsa_verify_params()
    numbers.string();
    numbers.string();
    if (!numbers.ok()) return Look::unreadable;
    return fits(rest.size() - numbers.left() == bytes);
}

class DropbearAuth final : public AuthBase {
  public:
    using AuthBase::AuthBase;

    void receive(std::string_view payload) override;
    void answer(KeyVerdict verdict) override;

  private:
    struct Pending {
        std::string algorithm, blob;
        std::string signature; ///< All that follows the key.
        std::string data;
        bool signed_ = false;
    };

    void on_service_request(Reader& in);
    void on_request(std::string_view payload);
    bool check_user(std::string_view name);
    void password(Reader& in);
    void public_key(Reader& in, std::string_view payload);
    void verify(const Pending& key, KeyOptions options);
    /// Fails after 250 to 350 ms, as all that could tell a wrong guess.
    void fail_late();
    void go_on() override;

    std::optional<Pending> pending_;
    Micros started_ = 0;
    std::uint32_t failures_ = 0;
    bool named_ = false; ///< The first request has fixed the user.
    bool valid_ = false;
};

void DropbearAuth::receive(std::string_view payload) {
    if (state_ != State::open || payload.empty()) return;
    const auto type = static_cast<std::uint8_t>(payload.front());
    Reader in{payload.substr(1)};
    if (type > type_max) {
        refuse_message("ssh.unexpected_auth_message", payload.substr(0, 1));
    } else if (static_cast<Msg>(type) == Msg::service_request) {
        on_service_request(in);
    } else if (static_cast<Msg>(type) == Msg::userauth_request) {
        started_ = session_.events.now();
        on_request(payload);
    } else {
        weird("ssh.unimplemented", payload.substr(0, 1));
        sink_.unimplemented();
    }
}

void DropbearAuth::on_service_request(Reader& in) {
    const auto service = short_string(in);
    if (service != "ssh-userauth") { // "Request for connection before auth", "Unrecognised ..."
        refuse_message("ssh.unknown_service", service.value_or(std::string_view{}));
        return;
    }
    Writer accept{Msg::service_accept};
    accept.string(*service);
    sink_.send(accept.bytes());
}

void DropbearAuth::on_request(std::string_view payload) {
    constexpr std::string_view connection = "ssh-connection";
    Reader in{payload.substr(1)};
    const auto name = short_string(in);
    const auto service = short_string(in);
    const auto method = short_string(in);
    if (!name || !service || !method) {
        refuse_message("ssh.bad_auth_request");
        return;
    }
    // It compares length and text and refuses only what differs in both.
    if (service->size() != connection.size() && !service->starts_with(connection)) {
        refuse_message("ssh.unknown_service", *service);
        return;
    }
    if (!check_user(*name)) return;
    if (*method == "none") {
        send_failure(methods);
    } else if (*method == "password") {
        password(in);
    } else if (*method == "publickey") {
        public_key(in, payload);
    } else {
        weird("ssh.auth_method", *method);
        fail_late();
    }
}

bool DropbearAuth::check_user(std::string_view name) {
    valid_ = name.size() <= username_bytes_max;
    if (!valid_) {
        weird("ssh.long_user", name);
        return true;
    }
    const bool changed = named_ && name != user_;
    if (changed || name.contains('\0')) {
        refuse_message(changed ? "ssh.user_changed" : "ssh.bad_user", name);
        return false;
    }
    named_ = true;
    user_ = name;
    return true;
}

void DropbearAuth::password(Reader& in) {
    if (in.boolean()) { // a change, which is "not implemented by this server"
        const auto old = short_string(in);
        const auto wanted = short_string(in);
        if (old) record_refused(*old, wanted.value_or(std::string_view{}));
        fail_late();
        return;
    }
    const auto password = short_string(in);
    if (!password) {
        refuse_message("ssh.bad_password_request");
        return;
    }
    // crypt() takes a C string; nobody has a blank password.
    const auto typed = until_nul(*password);
    if (!valid_ || password->size() > password_bytes_max || typed.empty()) {
        record_refused(*password);
        fail_late();
    } else if (session_.auth.try_password(user_, typed) == Verdict::accepted) {
        succeed();
    } else {
        fail_late();
    }
}

void DropbearAuth::public_key(Reader& in, std::string_view payload) {
    Pending pending;
    pending.signed_ = in.boolean();
    const auto algorithm = short_string(in);
    pending.blob = in.string();
    if (!algorithm || !in.ok()) {
        refuse_message("ssh.bad_publickey_request");
        return;
    }
    record_key(pending.blob);
    pending.algorithm = *algorithm;
    // Keys that it will not take cost no delay and no try.
    if (!valid_ || key_type_of(*algorithm) != Reader{pending.blob}.string()) {
        send_failure(methods);
        return;
    }
    if (pending.signed_) {
        const auto covered = payload.size() - in.left();
        Writer data;
        data.string(sink_.session_id()).raw(payload.substr(0, covered));
        pending.data = std::move(data).take();
        pending.signature = in.rest();
    }
    ask({user_, pending.algorithm, pending.blob});
    pending_ = std::move(pending);
}

void DropbearAuth::answer(KeyVerdict verdict) {
    if (!question_ || !pending_ || state_ != State::busy) return;
    question_.reset();
    state_ = State::open;
    const auto key = std::move(*pending_);
    pending_.reset();
    if (!verdict.held) {
        send_failure(methods);
    } else if (!key.signed_) {
        Writer ok{Msg::userauth_pk_ok};
        ok.string(key.algorithm).string(key.blob);
        sink_.send(ok.bytes());
    } else {
        verify(key, std::move(verdict.options));
    }
}

/// buf_verify() of signkey.c: it does not look at the length of the whole, and ends at the name of
/// another algorithm than was offered.
void DropbearAuth::verify(const Pending& key, KeyOptions options) {
    const auto fails = [&] {
        weird("ssh.bad_signature", key.algorithm);
        fail_late();
    };
    const auto known = crypto::describe_key(key.blob);
    if (!known) return fails(); // an authorized line may hold anything
    Reader reader{key.signature};
    reader.u32();
    const auto name = short_string(reader);
    const auto bytes = reader.u32();
    if (name != key.algorithm || !reader.ok())
        return refuse_message("ssh.bad_signature", name.value_or(std::string_view{}));
    const auto rest = reader.rest();
    switch (look_at(*known, bytes, rest)) {
    case Look::unreadable: return refuse_message("ssh.bad_signature");
    case Look::wrong: return fails();
    case Look::fits: break;
    }
    Writer signature;
    signature.string(*name).string(rest.substr(0, bytes));
    if (!crypto::verify_signature(key.blob, key.algorithm, signature.bytes(), key.data))
        return fails();
    session_.auth.accept_key(user_, crypto::fingerprint_of(key.blob));
    key_options_ = std::move(options);
    succeed();
}

void DropbearAuth::fail_late() {
    constexpr Micros delay_min = 250'000;
    constexpr std::uint64_t delay_spread = 100'000;
    wait_until(started_ + delay_min + static_cast<Micros>(crypto::random_below(delay_spread)));
}

void DropbearAuth::go_on() {
    // The failure is in its queue while it sleeps and goes out afterwards: at the last try it ends
    // before that.
    if (++failures_ >= sink_.profile().auth_tries)
        end();
    else
        send_failure(methods);
}

} // namespace

std::unique_ptr<Auth> make_dropbear_auth(Session& session, MessageSink& sink) {
    return std::make_unique<DropbearAuth>(session, sink);
}

} // namespace skep::service::ssh
