// A client and a server in memory. That the answers are those of the real servers is shown by
// tests/differential/ssh; here each branch is taken once.
#include "service/ssh/transport.hpp"
#include "service/ssh/wire.hpp"
#include "support/ssh_client.hpp"
#include "support/ssh_server.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::service::ssh;
using namespace std::string_literals;
using tests::SshClient, tests::SshOffer, tests::SshServer;

namespace {

const std::string service_request = Writer{Msg::service_request}.string("ssh-userauth").bytes();
const std::string ignore = Writer{Msg::ignore}.string("x").bytes();
constexpr auto strict_kex = "curve25519-sha256,kex-strict-c-v00@openssh.com";

const Profile& profile(std::string_view name = "openssh-9.2p1") {
    return *find_profile(name);
}

void send_to(SshServer& server, SshClient& client, std::string_view bytes) {
    server.receive(bytes);
    client.receive(server.take());
}

/// Both sides with keys.
void connect(SshServer& server, SshClient& client) {
    server.transport.start();
    client.receive(server.take());
    send_to(server, client, client.hello());
    send_to(server, client, client.begin());
    const auto newkeys = client.finish();
    REQUIRE_FALSE(newkeys.empty());
    send_to(server, client, newkeys);
}

/// One message each way of `bytes` bytes, which are asked for with the one before.
void check_message(SshServer& server, SshClient& client, std::size_t bytes) {
    const auto payload = Writer{Msg::userauth_request}.raw(std::string(bytes, 'p')).bytes();
    send_to(server, client, client.seal(payload));
    REQUIRE(server.messages.size() == 1);
    CHECK(server.messages.front() == payload);
    server.messages.clear();
    server.transport.send(payload);
    client.receive(server.take());
    CHECK(client.next() == payload);
}

std::string disconnect_text(const std::optional<std::string>& message) {
    if (!message) return "nothing";
    Reader reader{*message};
    if (reader.u8() != 1) return "no DISCONNECT";
    const auto code = reader.u32();
    return std::to_string(code) + ": " + std::string{reader.string()};
}

} // namespace

// NOLINTBEGIN(bugprone-unchecked-optional-access): REQUIRE checks

TEST_CASE("each cipher goes with each MAC, both ways") {
    for (auto ciphers = profile().ciphers; !ciphers.empty();) {
        const auto comma = ciphers.find(',');
        const std::string cipher{ciphers.substr(0, comma)};
        ciphers = comma == std::string_view::npos ? "" : ciphers.substr(comma + 1);
        for (const auto* mac :
             {"umac-64-etm@openssh.com", "umac-128-etm@openssh.com",
              "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com",
              "hmac-sha1-etm@openssh.com", "umac-64@openssh.com", "umac-128@openssh.com",
              "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1"}) {
            INFO(cipher << " " << mac);
            SshServer server{profile()};
            SshClient client{{.cipher = cipher, .mac = mac}};
            connect(server, client);
            for (const std::size_t bytes : {0U, 1U, 10U, 11U, 12U, 100U, 20000U})
                check_message(server, client, bytes);
            CHECK(server.transport.ending() == Ending::none);
        }
    }
}

TEST_CASE("dropbear's ciphers and MACs, and each kind of host key") {
    for (const auto* cipher : {"chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-ctr"})
        for (const auto* mac : {"hmac-sha1", "hmac-sha2-256"})
            for (const auto* key :
                 {"ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-256", "ssh-rsa"}) {
                INFO(cipher << " " << mac << " " << key);
                SshServer server{profile("dropbear-2022.83")};
                SshClient client{{.host_key = key, .cipher = cipher, .mac = mac}};
                connect(server, client);
                for (const std::size_t bytes : {0U, 1U, 10U, 20000U})
                    check_message(server, client, bytes);
            }
}

TEST_CASE("an ssh session gives the same when each byte comes alone") {
    for (const auto& played : profiles()) {
        INFO(played.name);
        SshServer server{played};
        SshClient client{{.cipher = "chacha20-poly1305@openssh.com"}};
        server.transport.start();
        client.receive(server.take());
        std::string sent = client.hello() + client.begin();
        for (const char byte : sent)
            server.receive({&byte, 1});
        client.receive(server.take());
        sent = client.finish();
        REQUIRE_FALSE(sent.empty());
        sent += client.seal(service_request);
        for (const char byte : sent)
            server.receive({&byte, 1});
        CHECK(server.messages == std::vector{service_request});
        CHECK(server.transport.session_id() == client.session_id());
    }
}

TEST_CASE("what an ssh client says of itself is recorded") {
    SshServer server{profile()};
    SshClient client;
    connect(server, client);
    CHECK(server.texts("client.version", "version") == std::vector{"SSH-2.0-client_1.0"s});
    CHECK(server.texts("client.kex", "hasshAlgorithms") ==
          std::vector{"curve25519-sha256;aes128-ctr;hmac-sha2-256;none"s});
    CHECK(server.texts("client.keys", "kex") == std::vector{"curve25519-sha256"s});
    CHECK(server.texts("client.keys", "host_key") == std::vector{"ssh-ed25519"s});
    CHECK(server.transport.client_identification() == "SSH-2.0-client_1.0");
    CHECK(server.transport.host_key_blob() == tests::ssh_host_keys()[2].blob());
    send_to(server, client,
            client.seal(Writer{Msg::disconnect}.u32(11).string("bye").string("").bytes()));
    CHECK(server.texts("client.disconnect", "data") == std::vector{"bye"s});
    CHECK(server.transport.ending() == Ending::orderly);
}

TEST_CASE("EXT_INFO follows the first NEWKEYS if the client asks for it") {
    for (const auto* name : {"openssh-9.2p1", "openssh-8.4p1", "dropbear-2022.83"}) {
        SshServer server{profile(name)};
        SshClient client{{.kex = "curve25519-sha256,ext-info-c"}};
        connect(server, client);
        const auto message = client.next();
        REQUIRE(message);
        Reader reader{*message};
        CHECK(reader.u8() == 7);
        CHECK(reader.u32() == (profile(name).hostbound ? 2 : 1));
        CHECK(reader.string() == "server-sig-algs");
        CHECK(reader.string() == profile(name).server_sig_algs);
    }
}

TEST_CASE("a strict key exchange restarts the sequence numbers and refuses other messages") {
    for (const auto* name : {"openssh-9.2p1", "dropbear-2022.83"}) {
        SshServer server{profile(name)};
        SshClient client{{.kex = strict_kex}};
        connect(server, client);
        check_message(server, client, 5);
        send_to(server, client, client.seal(ignore));
        check_message(server, client, 5);

        SshServer strict{profile(name)};
        SshClient odd{{.kex = strict_kex}};
        strict.transport.start();
        odd.receive(strict.take());
        send_to(strict, odd, odd.hello());
        const auto first = odd.kexinit();
        send_to(strict, odd, first + odd.seal(ignore));
        CHECK(strict.transport.ending() == Ending::orderly);
        odd.next();
        if (name == "openssh-9.2p1"s)
            CHECK(disconnect_text(odd.next()) ==
                  "2: strict KEX violation: unexpected packet type 2 (seqnr 1)");
        else
            CHECK_FALSE(odd.next());
    }
    SshServer late{profile()};
    SshClient client{{.kex = strict_kex}};
    late.transport.start();
    client.receive(late.take());
    send_to(late, client, client.hello() + client.seal(ignore));
    send_to(late, client, client.kexinit());
    client.next();
    CHECK(disconnect_text(client.next()) ==
          "2: strict KEX violation: KEXINIT was not the first packet");
}

TEST_CASE("OpenSSH's strict sequence numbers restart at each NEWKEYS, also one too many") {
    for (const bool client_restarts : {true, false}) {
        SshServer server{profile()};
        SshClient client{{.kex = strict_kex}};
        connect(server, client);
        send_to(server, client, client.seal(Writer{Msg::newkeys}.bytes()));
        CHECK(client.next() == Writer{Msg::unimplemented}.u32(0).bytes());
        if (client_restarts) client.restart_sequence();
        send_to(server, client, client.seal(ignore));
        CHECK((server.transport.ending() == Ending::none) == client_restarts);
    }
}

TEST_CASE("zlib@openssh.com begins after authentication") {
    for (const auto* name : {"openssh-9.2p1", "dropbear-2022.83"}) {
        SshServer server{profile(name)};
        SshClient client{{.compression = "zlib@openssh.com"}};
        connect(server, client);
        check_message(server, client, 1000);
        server.transport.send(Writer{Msg::userauth_success}.bytes());
        server.transport.authenticated();
        client.receive(server.take());
        CHECK(client.next() == Writer{Msg::userauth_success}.bytes());
        client.authenticated();
        for (const std::size_t bytes : {1U, 20000U, 100U})
            check_message(server, client, bytes);
        server.transport.send(Writer{Msg::channel_data}.raw(std::string(20000, 'z')).bytes());
        CHECK(server.transport.out.size() < 300);
    }
}

TEST_CASE("a compressed message may not grow without bound") {
    SshServer server{profile()};
    SshClient client{{.compression = "zlib@openssh.com"}};
    connect(server, client);
    server.transport.authenticated();
    client.authenticated();
    send_to(server, client,
            client.seal(Writer{Msg::channel_data}.raw(std::string(300000, '\0')).bytes()));
    CHECK(server.transport.ending() == Ending::orderly);
    CHECK(server.transport.ending_reason() == "packet_compression");
}

TEST_CASE("a client exchanges keys anew after authentication, not before") {
    SshServer server{profile()};
    SshClient client{{.compression = "zlib@openssh.com"}};
    connect(server, client);
    send_to(server, client, client.kexinit());
    CHECK(client.next()->front() == 3); // UNIMPLEMENTED, as by the real one
    server.transport.authenticated();
    client.authenticated();
    for (int i = 0; i < 3; ++i) {
        const auto before = std::string{server.transport.session_id()};
        server.receive(client.kexinit());
        // What is said meanwhile waits for the new keys.
        server.transport.send(service_request);
        server.receive(client.init());
        client.receive(server.take());
        const auto newkeys = client.finish();
        REQUIRE_FALSE(newkeys.empty());
        CHECK(client.next() == service_request);
        send_to(server, client, newkeys);
        check_message(server, client, 1000);
        CHECK(server.transport.session_id() == before);
    }
    CHECK(server.texts("client.kex", "hassh").size() == 1);
}

TEST_CASE("a server asks for new keys after RekeyLimit, and the client goes on meanwhile") {
    auto played = profile();
    played.rekey_bytes = 10000;
    SshServer server{played};
    SshClient client;
    connect(server, client);
    server.transport.authenticated();
    const auto data = Writer{Msg::channel_data}.raw(std::string(6000, 'd')).bytes();
    server.transport.send(data);
    server.transport.send(data);
    client.receive(server.take());
    CHECK(client.next() == data);
    auto proposal = client.next();
    REQUIRE(proposal);
    CHECK(proposal->front() == 20);
    client.take_kexinit(*proposal);
    server.receive(client.seal(service_request));
    CHECK(server.messages.size() == 1);
    send_to(server, client, client.begin());
    send_to(server, client, client.finish());
    CHECK(client.next() == data); // it had waited
}

TEST_CASE("packets that OpenSSH refuses with a word or without") {
    const auto clear = [](std::string_view bytes, std::string_view text, Ending ending,
                          std::string_view why) {
        SshServer server{profile()};
        SshClient client;
        server.transport.start();
        client.receive(server.take());
        send_to(server, client, client.hello());
        CHECK(client.next()->front() == 20);
        send_to(server, client, bytes);
        INFO(why << " " << text);
        CHECK(disconnect_text(client.next()) == text);
        CHECK(server.transport.ending() == ending);
        CHECK(server.transport.ending_reason() == why);
        CHECK_FALSE(server.texts("protocol.weird", "name").empty());
    };
    SshClient sealer;
    clear("GET / HTTP/1.0\r\n\r\n", "nothing", Ending::orderly, "packet_length");
    clear("\0\0\0\x0c\x03\x02"s + std::string(10, '\0'), "2: Corrupted padlen 3 on input.",
          Ending::orderly, "packet_padding");
    clear("\0\0\0\x0c\x0b"s + std::string(11, '\0'), "nothing", Ending::orderly, "packet_empty");
    clear("\0\0\0\x0c\xff"s + std::string(11, '\0'), "nothing", Ending::orderly, "packet_padding");
    clear("\0\0\0\x0d\x04"s + std::string(40, '\0'), "nothing", Ending::orderly, "packet_padding");
    clear(sealer.seal("\xff"), "2: Invalid ssh2 packet type: 255", Ending::orderly, "message_type");
    clear(sealer.seal("\xff") + std::string(9000, 'x'), "2: Invalid ssh2 packet type: 255",
          Ending::reset, "message_type");
    clear(sealer.seal("2abc"), "nothing", Ending::orderly, "message_unexpected");
    clear(sealer.seal("\x04"), "nothing", Ending::orderly, "message_malformed");
    clear(sealer.seal(SshOffer{.kex = "foo"}.payload()), "nothing", Ending::orderly,
          "kex_no_match");
    clear(sealer.seal(SshOffer{}.payload() + "x"), "nothing", Ending::orderly, "kexinit_malformed");
}

TEST_CASE("a wrong MAC ends an ssh connection without a word") {
    for (const auto& played : profiles())
        for (const auto* cipher : {"aes128-ctr", "chacha20-poly1305@openssh.com"}) {
            SshServer server{played};
            SshClient client{{.cipher = cipher}};
            connect(server, client);
            auto bad = client.seal(service_request);
            bad.back() = static_cast<char>(bad.back() ^ 1);
            server.receive(bad);
            CHECK(server.take().empty());
            CHECK(server.messages.empty());
            CHECK(server.transport.ending() == Ending::orderly);
            CHECK(server.transport.ending_reason() == "packet_mac");
        }
}

TEST_CASE("bytes that come before the end of an ssh connection are recorded") {
    SshServer half{profile()};
    half.transport.start();
    half.receive("\x16\x03\x01 hello");
    half.transport.end();
    CHECK(half.texts("protocol.weird", "name") == std::vector{"identification_unfinished"s});
    CHECK(half.texts("protocol.weird", "data") == std::vector{"\x16\x03\x01 hello"s});
    CHECK(half.transport.ending() == Ending::orderly);
    SshServer old{profile()};
    old.transport.start();
    old.receive("SSH-1.5-scan\nrest");
    CHECK(old.texts("client.version", "version") == std::vector{"SSH-1.5-scan"s});
    CHECK(old.transport.ending() == Ending::reset);
    CHECK(old.take().ends_with("Protocol major versions differ.\r\n"));
}

TEST_CASE("an odd ssh peer does not fill the journal") {
    SshServer server{profile()};
    SshClient client;
    connect(server, client);
    std::string flood;
    for (int i = 0; i < 500; ++i)
        flood += client.seal("\x31");
    server.receive(flood);
    CHECK(server.texts("protocol.weird", "name").size() == 100);
    CHECK(server.transport.ending() == Ending::none);
}

// NOLINTEND(bugprone-unchecked-optional-access)
