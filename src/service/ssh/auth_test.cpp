#include "base/crypto/ssh_key.hpp"
#include "service/ssh/auth.hpp"
#include "support/ssh_layers.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::service::ssh;
using namespace skep::tests;

namespace {

const KeyVerdict held{.held = true, .options = {}, .notes = {}};
constexpr auto refused = "failure publickey,password";

Writer service_request(std::string_view name) {
    Writer request{Msg::service_request};
    return std::move(request.string(name));
}

struct Dialog : SshLayers {
    explicit Dialog(std::string_view profile = "openssh-9.2p1") : SshLayers{profile} {
        auth = Auth::make(session, sink);
        REQUIRE(tell(*auth, service_request("ssh-userauth")) == "accept ssh-userauth");
    }

    std::string ask(const Writer& message) {
        auto said = tell(*auth, message);
        if (auth->state() != Auth::State::busy || auth->question()) return said;
        CHECK(said.empty());
        return wait(*auth);
    }

    std::unique_ptr<Auth> auth;
};

struct Key {
    crypto::HostKey key = crypto::HostKey::generate(crypto::KeyKind::ed25519);

    Writer request(bool with_signature) const {
        auto out = auth_request("root", "publickey");
        out.boolean(with_signature).string("ssh-ed25519").string(key.blob());
        return with_signature ? std::move(out.string(signature(out))) : std::move(out);
    }

    /// Of the request so far.
    std::string signature(const Writer& request) const {
        Writer data;
        data.string("session-id").raw(request.bytes());
        return key.sign("ssh-ed25519", data.bytes());
    }

    /// A request with anything after the key.
    Writer signed_with(std::string_view rest) const {
        auto out = auth_request("root", "publickey");
        out.boolean(true).string("ssh-ed25519").string(key.blob()).raw(rest);
        return out;
    }
};

} // namespace

// NOLINTBEGIN(bugprone-unchecked-optional-access): REQUIRE checks

TEST_CASE("OpenSSH knows one service before a login", "[ssh]") {
    SshLayers layers{"openssh-9.2p1"};
    auto auth = Auth::make(layers.session, layers.sink);
    CHECK(layers.tell(*auth, auth_request("root", "none")) == "unimplemented");
    CHECK(layers.tell(*auth, Writer{Msg::userauth_info_response}) == "unimplemented");
    CHECK(layers.tell(*auth, service_request("ssh-userauth")) == "accept ssh-userauth");
    CHECK(layers.tell(*auth, service_request("ssh-userauth")) == "accept ssh-userauth");
    CHECK(layers.tell(*auth, service_request("ssh-connection")) ==
          "disconnect 2 bad service request ssh-connection");
    CHECK(auth->state() == Auth::State::ended);
    CHECK(layers.tell(*auth, auth_request("root", "none")).empty());
}

TEST_CASE("OpenSSH answers none after 5 to 9.3 ms, always the same for a name", "[ssh]") {
    Dialog dialog;
    CHECK(dialog.ask(auth_request("root", "none")) == refused);
    const auto first = dialog.waited;
    CHECK(first >= 5000);
    CHECK(first < 9300);
    CHECK(dialog.ask(auth_request("root", "foo")) == refused);
    CHECK(dialog.waited == first);
}

TEST_CASE("OpenSSH disconnects at the sixth failure and does not count the first none", "[ssh]") {
    Dialog dialog;
    CHECK(dialog.ask(auth_request("root", "none")) == refused);
    for (int i = 0; i < 5; ++i)
        CHECK(dialog.ask(auth_request("root", i == 0 ? "none" : "hostbased")) == refused);
    CHECK(dialog.ask(password_request("root", "x")) ==
          "disconnect 2 Too many authentication failures");
    CHECK(dialog.count("login.failed") == 1);
}

TEST_CASE("OpenSSH's wrong passwords cost PAM's delay, the refused ones none", "[ssh]") {
    Dialog dialog;
    CHECK(dialog.ask(password_request("root", "x")) == refused);
    CHECK(dialog.waited > 1'000'000);
    CHECK(dialog.waited < 6'200'000);
    CHECK(dialog.ask(password_request("root", "")) == refused);
    CHECK(dialog.waited < 9300);
    CHECK(dialog.ask(password_request("root", std::string(1025, 'a'))) == refused);
    CHECK(dialog.waited < 9300);
    auto change = auth_request("root", "password");
    change.boolean(true).string("old").string("new");
    CHECK(dialog.ask(change) == refused);
    CHECK(dialog.last("login.failed").text_of("password") == "old");
    CHECK(dialog.last("login.failed").text_of("new_password") == "new");
    CHECK(dialog.count("login.failed") == 4);
    CHECK(dialog.ask(password_request("root:style", "geheim")) == "success; authenticated");
    CHECK(dialog.auth->state() == Auth::State::accepted);
    CHECK(dialog.auth->username() == "root");
    CHECK(dialog.last("login.success").text_of("username") == "root");
}

TEST_CASE("OpenSSH dies when a right password asks for a service that is not", "[ssh]") {
    Dialog dialog;
    Writer request{Msg::userauth_request};
    request.string("root").string("ssh-x").string("password").boolean(false);
    CHECK(dialog.ask(request.string("geheim")) == "end");
    CHECK(dialog.count("login.success") == 1);
    CHECK(dialog.last("protocol.weird").text_of("name") == "ssh.login_to_unknown_service");
}

TEST_CASE("OpenSSH lets nobody change the name", "[ssh]") {
    Dialog dialog;
    CHECK(dialog.ask(auth_request("root:a", "none")) == refused);
    CHECK(dialog.ask(auth_request("root:b", "none")) == refused);
    CHECK(dialog.ask(auth_request("admin", "none")) ==
          "disconnect 2 Change of username or service not allowed: (root,ssh-connection) -> "
          "(admin,ssh-connection)");
    Dialog other;
    CHECK(other.ask(auth_request("root", "none")) == refused);
    const auto said = other.ask(auth_request(std::string(3000, 'r'), "none"));
    CHECK(said.size() == std::string_view{"disconnect 2 "}.size() + 1023);
}

TEST_CASE("OpenSSH ends at what it cannot read, and the password is recorded", "[ssh]") {
    Dialog dialog;
    auto longer = password_request("root", "seen");
    longer.u8(0);
    CHECK(dialog.ask(longer) == "end");
    CHECK(dialog.last("login.failed").text_of("password") == "seen");
    using namespace std::string_literals;
    Dialog nul;
    CHECK(nul.ask(auth_request("ro\0ot"s, "none")) == "end");
    Dialog last;
    CHECK(last.ask(auth_request("root\0"s, "none")) == refused);
    CHECK(last.ask(Writer{Msg::userauth_info_response}) == "end");
    Dialog none;
    auto trailing = auth_request("root", "none");
    trailing.u8(0);
    CHECK(none.ask(trailing) == "end");
}

TEST_CASE("OpenSSH's LoginGraceTime ends a silent peer", "[ssh]") {
    Dialog dialog;
    CHECK(dialog.wait(*dialog.auth) == "end");
    CHECK(dialog.waited == 120'000'000);
    CHECK(dialog.auth->deadline() == std::numeric_limits<Micros>::max());
}

TEST_CASE("a public key is accepted when the cell holds it and it signs", "[ssh]") {
    const auto server = GENERATE(as<std::string>{}, "openssh-9.2p1", "dropbear-2022.83");
    const Key key;
    Dialog dialog{server};
    const auto settle = [&](std::string said) {
        while (said.empty() && dialog.auth->state() == Auth::State::busy)
            said = dialog.wait(*dialog.auth);
        return said;
    };
    CHECK(dialog.ask(key.request(false)).empty());
    REQUIRE(dialog.auth->question());
    CHECK(dialog.auth->question()->blob == key.key.blob());
    dialog.auth->answer({});
    CHECK(settle(dialog.sink.take()) == refused);
    CHECK(dialog.ask(key.request(false)).empty());
    dialog.auth->answer(held);
    CHECK(settle(dialog.sink.take()) == "pk_ok ssh-ed25519");
    if (dialog.auth->state() == Auth::State::busy) CHECK(dialog.wait(*dialog.auth).empty());
    auto broken = std::string{key.request(true).bytes()};
    broken.back() = static_cast<char>(broken.back() ^ 1);
    Writer wrong;
    wrong.raw(broken);
    CHECK(dialog.ask(wrong).empty());
    dialog.auth->answer(held);
    CHECK(settle(dialog.sink.take()) == refused);
    CHECK(dialog.ask(key.request(true)).empty());
    dialog.auth->answer(held);
    CHECK(settle(dialog.sink.take()) == "success; authenticated");
    CHECK(dialog.count("client.fingerprint") == 1);
    const auto known = crypto::describe_key(key.key.blob());
    REQUIRE(known);
    CHECK(dialog.last("client.fingerprint").text_of("fingerprint") == known->fingerprint);
    CHECK(dialog.last("client.fingerprint").text_of("key_type") == "ssh-ed25519");
    CHECK(dialog.last("login.success").text_of("fingerprint") == known->fingerprint);
}

TEST_CASE("OpenSSH asks the cell for no key that it would not take", "[ssh]") {
    Dialog dialog;
    auto certificate = auth_request("root", "publickey");
    certificate.boolean(false).string("ssh-ed25519-cert-v01@openssh.com").string("x");
    CHECK(dialog.ask(certificate) == refused);
    auto garbage = auth_request("root", "publickey");
    garbage.boolean(false).string("ssh-ed25519").string("x");
    CHECK(dialog.ask(garbage) == refused);
    CHECK(dialog.count("client.fingerprint") == 1);
    auto bound = auth_request("root", "publickey-hostbound-v00@openssh.com");
    bound.boolean(false).string("ssh-ed25519").string("x").string("other-key");
    CHECK(dialog.ask(bound) == "end");
}

TEST_CASE("keyboard-interactive asks PAM's question", "[ssh]") {
    SshLayers layers{"openssh-9.2p1"};
    layers.profile.keyboard_interactive = true;
    auto auth = Auth::make(layers.session, layers.sink);
    const auto ask = [&](const Writer& message) {
        auto said = layers.tell(*auth, message);
        if (auth->state() == Auth::State::busy) said += layers.wait(*auth);
        return said;
    };
    ask(service_request("ssh-userauth"));
    auto request = auth_request("root", "keyboard-interactive");
    request.string("").string("");
    CHECK(ask(request) == "pk_ok ");
    Writer answer{Msg::userauth_info_response};
    answer.u32(1).string("wrong");
    CHECK(ask(answer) == "failure publickey,password,keyboard-interactive");
    CHECK(ask(request) == "pk_ok ");
    Writer right{Msg::userauth_info_response};
    right.u32(1).string("geheim");
    CHECK(ask(right) == "pk_ok ");
    Writer nothing{Msg::userauth_info_response};
    nothing.u32(0);
    CHECK(ask(nothing) == "success; authenticated");
}

TEST_CASE("dropbear fails after 250 to 350 ms and ends at the tenth without a word", "[ssh]") {
    Dialog dialog{"dropbear-2022.83"};
    CHECK(dialog.ask(auth_request("root", "none")) == refused);
    CHECK(dialog.auth->state() == Auth::State::open);
    for (int i = 0; i < 9; ++i) {
        CHECK(dialog.ask(password_request("root", "x")) == refused);
        CHECK(dialog.waited >= 250'000);
        CHECK(dialog.waited < 350'000);
    }
    CHECK(dialog.ask(password_request("root", "y")) == "end");
    CHECK(dialog.count("login.failed") == 10);
    Dialog good{"dropbear-2022.83"};
    CHECK(good.ask(password_request("root", "geheim")) == "success; authenticated");
    Dialog early{"dropbear-2022.83"};
    CHECK(early.ask(Writer{Msg::channel_open}) == "end");
}

TEST_CASE("dropbear ends at a signature that it cannot read or that names another algorithm",
          "[ssh]") {
    const Key key;
    const auto answer = [&](const Writer& request) {
        Dialog dialog{"dropbear-2022.83"};
        CHECK(dialog.ask(request).empty());
        REQUIRE(dialog.auth->question());
        dialog.auth->answer(held);
        auto said = dialog.sink.take();
        return dialog.auth->state() == Auth::State::busy ? dialog.wait(*dialog.auth) : said;
    };
    const auto inner = [](std::string_view name, std::size_t bytes) {
        Writer signature, rest;
        signature.string(name).string(std::string(bytes, 's'));
        return std::string{rest.string(signature.bytes()).bytes()};
    };
    CHECK(answer(key.signed_with("")) == "end");
    CHECK(answer(key.signed_with(Writer{}.string("").bytes())) == "end");
    CHECK(answer(key.signed_with(inner("rsa-sha2-256", 256))) == "end");
    CHECK(answer(key.signed_with(inner("ssh-ed25519", 64).substr(0, 18))) == "end");
    CHECK(answer(key.signed_with(inner("ssh-ed25519", 64).substr(0, 40))) == refused);
    CHECK(answer(key.signed_with(inner("ssh-ed25519", 63))) == refused);
    CHECK(answer(key.signed_with(inner("ssh-ed25519", 64))) == refused);
    // The length of the whole does not matter.
    auto good = key.signed_with("");
    const auto signature = key.signature(good);
    CHECK(answer(good.u32(7).raw(signature)) == "success; authenticated");
}

TEST_CASE("dropbear takes a key only for the algorithm of its own type", "[ssh]") {
    Dialog dialog{"dropbear-2022.83"};
    const Key key;
    const auto offer = [&](std::string_view algorithm, std::string_view blob) {
        auto request = auth_request("root", "publickey");
        return dialog.ask(request.boolean(true).string(algorithm).string(blob));
    };
    Writer certificate;
    certificate.string("ssh-rsa-cert-v01@openssh.com").string("nonce");
    CHECK(offer("ssh-rsa", certificate.bytes()) == refused);
    CHECK(offer("ssh-rsa", key.key.blob()) == refused);
    CHECK(offer("rsa-sha2-512", Writer{}.string("ssh-rsa").bytes()) == refused);
    CHECK(offer("ssh-ed25519", key.key.blob()).empty());
    CHECK(dialog.auth->question());
}

// NOLINTEND(bugprone-unchecked-optional-access)
