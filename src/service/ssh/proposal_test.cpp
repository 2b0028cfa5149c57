#include "service/ssh/hassh.hpp"
#include "service/ssh/proposal.hpp"
#include "support/ssh_client.hpp"
#include "support/ssh_server.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::service::ssh;
using namespace std::string_literals;
using tests::SshOffer;

namespace {

struct Outcome {
    std::string kex, missing;
    bool wrong_guess = false;
};

Outcome negotiate(std::string_view name, const SshOffer& offer) {
    const auto* profile = find_profile(name);
    const auto own = build_proposal(*profile, profile->kex,
                                    usable_host_keys(profile->host_keys, tests::ssh_host_keys()));
    const auto client = offer.payload();
    std::string_view rest, missing;
    const Negotiation negotiation{profile->family, *parse_proposal(client, rest),
                                  *parse_proposal(own, rest)};
    const auto choice = negotiation.choose(missing);
    if (!choice) return {.missing = std::string{missing}};
    return {.kex = std::string{choice->kex->name}, .wrong_guess = choice->wrong_guess};
}

} // namespace

TEST_CASE("algorithms are negotiated as by OpenSSH") {
    const auto kex = [](const SshOffer& offer) { return negotiate("openssh-9.2p1", offer).kex; };
    CHECK(kex({}) == "curve25519-sha256");
    CHECK(kex({.kex = "x,ecdh-sha2-nistp256,curve25519-sha256"}) == "ecdh-sha2-nistp256");
    CHECK(kex({.kex = "curve25519-sha256\0"s}) == "curve25519-sha256");
    // match_list() stops at an empty name
    CHECK(kex({.kex = ",curve25519-sha256"}).empty());
    CHECK(kex({.kex = "kex-strict-s-v00@openssh.com"}).empty());
    const auto missing = [](const SshOffer& offer) {
        return negotiate("openssh-9.2p1", offer).missing;
    };
    CHECK(missing({.kex = ""}) == "no matching key exchange method found");
    CHECK(missing({.host_key = "ssh-dss"}) == "no matching host key type found");
    CHECK(missing({.cipher = "3des-cbc"}) == "no matching cipher found");
    CHECK(missing({.mac = "hmac-md5"}) == "no matching MAC found");
    CHECK(missing({.cipher = "aes128-gcm@openssh.com", .mac = "hmac-md5"}).empty());
    CHECK(missing({.compression = "zlib"}) == "no matching compression method found");
}

TEST_CASE("a guessed key exchange packet is right if both first choices agree") {
    const auto wrong = [](std::string_view profile, SshOffer offer) {
        offer.guessed = true;
        return negotiate(profile, offer).wrong_guess;
    };
    CHECK_FALSE(wrong("openssh-9.2p1", {.kex = "sntrup761x25519-sha512,curve25519-sha256",
                                        .host_key = "rsa-sha2-512"}));
    CHECK(wrong("openssh-9.2p1", {.host_key = "rsa-sha2-512"}));
    CHECK(wrong("openssh-9.2p1", {.kex = "sntrup761x25519-sha512"}));
    CHECK_FALSE(wrong("dropbear-2022.83", {}));
    CHECK(wrong("dropbear-2022.83", {.kex = "ecdh-sha2-nistp256"}));
    CHECK_FALSE(wrong("dropbear-2022.83", {.kex = "ecdh-sha2-nistp256,kexguess2@matt.ucc.asn.au"}));
}

TEST_CASE("algorithms are negotiated as by dropbear") {
    const auto kex = [](const SshOffer& offer) { return negotiate("dropbear-2022.83", offer).kex; };
    CHECK(kex({.kex = ",curve25519-sha256"}) == "curve25519-sha256");
    CHECK(kex({.kex = "curve25519-sha256\0"s}).empty());
    CHECK(kex({.kex = "kexguess2@matt.ucc.asn.au"}).empty());
    std::string_view rest;
    const auto takes = [&](const SshOffer& offer) {
        const auto client = offer.payload();
        return dropbear_takes(*parse_proposal(client, rest));
    };
    CHECK(takes({.kex = std::string(9000, 'x')}));
    CHECK_FALSE(takes({.kex = std::string(9001, 'x')}));
    CHECK(takes({.kex = std::string(49, ',')}));
    CHECK_FALSE(takes({.kex = std::string(50, ',')}));
}

TEST_CASE("a HASSH is the MD5 of four lists") {
    const SshOffer offer{.kex = "a", .cipher = "b", .mac = "c", .compression = "d"};
    const auto client = offer.payload();
    std::string_view rest;
    const auto proposal = parse_proposal(client, rest);
    REQUIRE(proposal);
    CHECK(rest.empty());
    const auto& lists = *proposal;
    const auto text = hassh_algorithms(lists[Offer::kex], lists[Offer::cipher_in],
                                       lists[Offer::mac_in], lists[Offer::compression_in]);
    CHECK(text == "a;b;c;d");
    CHECK(hassh(text) == "845425be4f77f4097e014a6591497010");
    CHECK_FALSE(parse_proposal(std::string_view{client}.substr(0, client.size() - 1), rest));
}
