#include "service/ssh/clients.hpp"
#include "service/ssh/hassh.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace skep::service::ssh;

TEST_CASE("HASSH is the MD5 of the four lists as they were sent", "[ssh]") {
    // The lists that masscan's src/proto-ssh.c has.
    CHECK(hassh(hassh_algorithms(
              "diffie-hellman-group14-sha1,diffie-hellman-group1-sha1,"
              "diffie-hellman-group14-sha256,diffie-hellman-group16-sha512,"
              "diffie-hellman-group18-sha512,diffie-hellman-group-exchange-sha1,"
              "diffie-hellman-group-exchange-sha256",
              "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,"
              "aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-cbc,aes192-cbc,aes256-cbc,"
              "blowfish-cbc,cast128-cbc,3des-cbc",
              "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,"
              "hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,"
              "umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1",
              "none")) == "b21d7cdcc8133dc2b430d1a039fece20");
    CHECK(hassh(hassh_algorithms("", "", "", "")) ==
          "95420f9d932ddd22833f17b96a80bedb"); // md5sum of ;;;
}

TEST_CASE("tools are known by their identification", "[ssh]") {
    struct Case {
        std::string_view identification, tool, version;
        ClientKind kind;
    };

    using enum ClientKind;
    const auto row =
        GENERATE(Case{"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10", "OpenSSH", "9.2p1", client},
                 Case{"SSH-2.0-OpenSSH-keyscan", "ssh-keyscan", "", scanner},
                 Case{"SSH-2.0-libssh2_1.10.0", "libssh2", "1.10.0", library},
                 Case{"SSH-2.0-libssh-0.6.3", "libssh", "0.6.3", library},
                 Case{"SSH-2.0-Go", "Go", "", library},
                 Case{"SSH-2.0-PuTTY_Release_0.78", "PuTTY", "0.78", client},
                 Case{"SSH-2.0-7.15 FlowSsh: Bitvise SSH Client (Tunnelier) 7.15 - stnlc",
                      "Bitvise SSH Client", "7.15", client},
                 Case{"SSH-2.0-5.17 FlowSsh: my-app 1.0", "Bitvise FlowSsh", "5.17", library},
                 Case{"SSH-2.0-HELLOWORLD", "RapperBot", "", bot},
                 Case{"GET / HTTP/1.1", "HTTP", "", other_protocol},
                 Case{"\x16\x03\x01\x02", "TLS", "", other_protocol},
                 Case{"MGLNDD_192.0.2.1_22", "MGLNDD", "192.0.2.1_22", scanner});
    const auto label = recognise(row.identification, "");
    REQUIRE(label);
    CHECK(label->tool == row.tool);
    CHECK(label->version == row.version);
    CHECK(label->kind == row.kind);
    CHECK(label->by == ClientLabel::By::identification);
    CHECK_FALSE(label->spoofed);
}

TEST_CASE("a zero byte in a pattern is one of the peer's bytes", "[ssh]") {
    using namespace std::string_view_literals;
    CHECK(recognise("\x03\0\0/*\xe0\0\0\0\0\0Cookie: mstshash=Administr"sv, "")->tool == "RDP");
    CHECK(recognise("\0\0\0T\xffSMBr"sv, "")->tool == "SMB");
}

TEST_CASE("algorithm lists know a client whatever it calls itself", "[ssh]") {
    const auto label = recognise("SSH-2.0-x", "1b8acd46a07d2dc9854db9ec4044c45c");
    REQUIRE(label);
    CHECK(label->tool == "russh");
    CHECK(label->by == ClientLabel::By::hassh);
    CHECK_FALSE(label->spoofed);
}

TEST_CASE("identification and lists that agree add up", "[ssh]") {
    const auto label = recognise("SSH-2.0-libssh_0.9.6", "f555226df1963d1d3c09daf865abdc9a");
    REQUIRE(label);
    CHECK(label->tool == "libssh");
    CHECK(label->version == "0.9.6");
    CHECK(label->by == ClientLabel::By::both);
    CHECK_FALSE(label->spoofed);
    // ZGrab is written in Go: its lists are its own.
    CHECK(recognise("SSH-2.0-Go", "dd9bcf093c355da7000132131cb36fd0")->tool == "ZGrab");
    CHECK(recognise("SSH-2.0-ZGrab ZGrab SSH Survey", "4e066189c3bbeec38c99b1855113733a")->tool ==
          "ZGrab");
}

TEST_CASE("an identification that the lists contradict is spoofed", "[ssh]") {
    const auto label = recognise("SSH-2.0-PuTTY_Release_0.58", "a7a87fbe86774c2e40cc4a7ea2ab1b3c");
    REQUIRE(label);
    CHECK(label->spoofed);
    CHECK(label->tool == "libssh2");
    CHECK(label->version == "1.7.0-1.8.2");
    CHECK(label->by == ClientLabel::By::hassh);
}

TEST_CASE("a name that only impostors use is spoofed without lists", "[ssh]") {
    const auto alone = recognise("SSH-2.0-PUTTY", "");
    REQUIRE(alone);
    CHECK(alone->spoofed);
    CHECK(alone->kind == ClientKind::brute_forcer);
    const auto both = recognise("SSH-2.0-PUTTY", "57446c12547a668110aa237e5965e374");
    REQUIRE(both);
    CHECK(both->spoofed);
    CHECK(both->kind == ClientKind::brute_forcer);
    CHECK(both->version == "1.9.0");
    CHECK(both->by == ClientLabel::By::both);
}

TEST_CASE("what nobody has seen is not recognised", "[ssh]") {
    CHECK_FALSE(recognise("SSH-2.0-somethingelse", "00000000000000000000000000000000"));
    CHECK_FALSE(recognise("", ""));
    CHECK_FALSE(recognise(std::string(100'000, '*'), ""));
    CHECK_FALSE(recognise("SSH-2.0-" + std::string(100'000, ' '), ""));
}
