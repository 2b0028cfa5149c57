#include "service/ssh/host_keys.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::service::ssh;
using crypto::KeyKind;

namespace {

constexpr Profile openssh{.name = "openssh-9.2p1",
                          .host_keys = "rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519"};

} // namespace

TEST_CASE("a server has the host keys that its package makes", "[ssh]") {
    CHECK(host_key_kinds(openssh) ==
          std::vector{KeyKind::rsa_3072, KeyKind::ecdsa_p256, KeyKind::ed25519});
    auto old = openssh;
    old.name = "openssh-7.9p1";
    CHECK(host_key_kinds(old).front() == KeyKind::rsa_2048);
    auto dropbear = openssh;
    dropbear.family = Family::dropbear;
    dropbear.host_keys = "ssh-ed25519,rsa-sha2-256,ssh-rsa";
    CHECK(host_key_kinds(dropbear) == std::vector{KeyKind::ed25519, KeyKind::rsa_2048});
}

TEST_CASE("host keys stand in the order in which they are offered", "[ssh]") {
    std::vector<crypto::HostKey> keys;
    for (const auto kind : {KeyKind::ed25519, KeyKind::ecdsa_p256, KeyKind::rsa_2048})
        keys.push_back(crypto::HostKey::generate(kind));
    const auto ordered = in_order(openssh, std::move(keys));
    REQUIRE(ordered.size() == 3);
    CHECK(ordered[0].type() == "ssh-rsa");
    CHECK(ordered[1].type() == "ecdsa-sha2-nistp256");
    CHECK(ordered[2].type() == "ssh-ed25519");
}
