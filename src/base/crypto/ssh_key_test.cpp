#include "base/bytes.hpp"
#include "base/crypto/hex_test.hpp"
#include "base/crypto/key_blob.hpp"
#include "base/crypto/ssh_key.hpp"
#include "base/crypto/ssh_key_vectors_test.hpp"

#include <openssl/err.h>

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::crypto;

namespace {

std::string decoded(std::string_view text) {
    bool ok = false;
    auto bytes = from_base64(text, ok);
    REQUIRE(ok);
    return bytes;
}

std::string key_blob(std::size_t index) {
    return decoded(known_keys.at(index).blob);
}

bool is_described(std::string_view blob) {
    const auto found = describe_key(blob);
    CHECK((found || found.error().kind() == Fault::malformed));
    CHECK(ERR_peek_error() == 0);
    return found.has_value();
}

std::string strings(std::initializer_list<std::string_view> values) {
    SshWriter blob;
    for (const auto value : values)
        blob.string(value);
    return std::move(blob).take();
}

} // namespace

TEST_CASE("keys and certificates are described as ssh-keygen -l does", "[crypto]") {
    for (const auto& key : known_keys) {
        INFO(key.type);
        const auto found = describe_key(decoded(key.blob));
        REQUIRE(found);
        CHECK(found->type == key.type);
        CHECK(found->bits == key.bits);
        CHECK(found->fingerprint == key.fingerprint);
    }
}

TEST_CASE("a blob that is cut, longer or of another type is no key", "[crypto]") {
    for (const auto& key : known_keys) {
        INFO(key.type);
        const auto blob = decoded(key.blob);
        for (std::size_t size = 0; size < blob.size(); size += size < 40 ? 1 : 7)
            if (is_described(blob.substr(0, size))) FAIL("cut to " << size);
        CHECK_FALSE(is_described(blob + '\0'));
        auto other = blob;
        other[5] = '?';
        CHECK_FALSE(is_described(other));
    }
}

TEST_CASE("a certificate is none once a byte of what is signed has changed", "[crypto]") {
    for (std::size_t i = 0; i < known_keys.size(); ++i) {
        if (!known_keys[i].type.contains("-cert-")) continue;
        INFO(known_keys[i].type);
        const auto blob = key_blob(i);
        for (std::size_t at = blob.size() - 1; at > 60; at -= 37) {
            auto changed = blob;
            changed[at] ^= 1;
            if (is_described(changed)) FAIL("changed at " << at);
        }
    }
}

TEST_CASE("names that sshkey_type_from_name takes stand for the real ones", "[crypto]") {
    struct Row {
        std::size_t key;
        std::string_view name;
        bool is_taken;
    };

    constexpr std::size_t ed25519 = 0, p256 = 1, rsa = 4, dsa = 5, sk_ed25519 = 6, sk_p256 = 7;
    const auto row = GENERATE_COPY(values<Row>({
        {ed25519, "ED25519", true},
        {ed25519, "ed25519", true},
        {ed25519, "SSH-ED25519", false},
        {ed25519, {"ssh-ed25519\0", 12}, true},
        {ed25519, {"ssh-ed\0005519", 11}, false},
        {p256, "ECDSA", false},
        {rsa, "rsa", true},
        {rsa, "rsa-sha2-256", true},
        {rsa, "rsa-sha2-512", true},
        {rsa, "RSA-SHA2-512", false},
        {dsa, "dsa", true},
        {sk_ed25519, "Ed25519-SK", true},
        {sk_p256, "webauthn-sk-ecdsa-sha2-nistp256@openssh.com", true},
    }));
    INFO(row.name);
    auto blob = key_blob(row.key);
    const auto after_name = blob.substr(4 + known_keys[row.key].type.size());
    blob = strings({row.name}) + after_name;
    const auto found = describe_key(blob);
    CHECK(found.has_value() == row.is_taken);
    if (!found) return;
    CHECK(found->type == known_keys[row.key].type);
    CHECK(found->fingerprint == known_keys[row.key].fingerprint);
}

TEST_CASE("RSA keys: at least 1024 bits, at most 16384, not negative", "[crypto]") {
    const auto blob = [](std::string_view exponent, std::string_view modulus) {
        return strings({"ssh-rsa", exponent, modulus});
    };
    const std::string ones(128, '\x7f');
    const std::string zero(1, '\0');
    CHECK_FALSE(is_described(blob("\3", ones))); // 1023 bits
    const auto just = zero + '\x80' + ones.substr(1);
    REQUIRE(describe_key(blob("\3", just)));
    CHECK(describe_key(blob("\3", just))->bits == 1024);
    CHECK(describe_key(blob("\3", zero + just))->fingerprint ==
          describe_key(blob(zero + "\3", just))->fingerprint);
    CHECK_FALSE(is_described(blob("\3", just.substr(1)))); // negative
    CHECK_FALSE(is_described(blob("\x83", just)));
    CHECK(is_described(blob("\3", zero + std::string(2048, '\xff'))));
    CHECK_FALSE(is_described(blob("\3", "\1" + std::string(2048, '\xff'))));
    CHECK_FALSE(is_described(blob("\3", std::string(2050, '\0'))));
    CHECK(is_described(blob("", just))); // OpenSSH does not look at it here
    CHECK_FALSE(verify_signature(blob("", just), "ssh-rsa", strings({"ssh-rsa", ones}), "data"));
    CHECK(ERR_peek_error() == 0);
}

TEST_CASE("signatures of other programs are verified", "[crypto]") {
    for (const auto& known : known_signatures) {
        INFO(known.algorithm);
        const auto blob = key_blob(known.key);
        const auto signature = decoded(known.signature);
        CHECK(verify_signature(blob, known.algorithm, signature, "data"));
        CHECK_FALSE(verify_signature(blob, known.algorithm, signature, "date"));
        CHECK_FALSE(verify_signature(blob, known.algorithm, signature + '\0', "data"));
        CHECK_FALSE(verify_signature(blob, "", signature, "data"));
        CHECK_FALSE(verify_signature(blob, "rsa-sha2-384", signature, "data"));
        CHECK_FALSE(
            verify_signature(key_blob(known.key == 0 ? 1 : 0), known.algorithm, signature, "data"));
        for (std::size_t at = 0; at < signature.size(); at += at < 40 ? 1 : 11) {
            if (verify_signature(blob, known.algorithm, signature.substr(0, at), "data"))
                FAIL("cut to " << at);
            auto changed = signature;
            changed[at] ^= 1;
            if (verify_signature(blob, known.algorithm, changed, "data")) FAIL("changed at " << at);
        }
        CHECK(ERR_peek_error() == 0);
    }
}

TEST_CASE("Ed25519 signatures of RFC 8032 section 7.1", "[crypto]") {
    struct Row {
        std::string_view key;
        std::string_view message;
        std::string_view signature;
    };

    const auto row = GENERATE(values<Row>({
        {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
         "c"
         "f9b46bd25bf5f0595bbe24655141438e7a100b"},
        {"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
         "0"
         "f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    }));
    const auto blob = strings({"ssh-ed25519", unhex(row.key)});
    const auto signature = strings({"ssh-ed25519", unhex(row.signature)});
    CHECK(verify_signature(blob, "ssh-ed25519", signature, unhex(row.message)));
    CHECK_FALSE(verify_signature(blob, "ssh-ed25519", signature, unhex(row.message) + "x"));
}

namespace {

void check_host_key(const HostKey& key,
                    std::string_view type,
                    unsigned bits,
                    std::initializer_list<std::string_view> algorithms) {
    CHECK(key.type() == type);
    const auto found = describe_key(key.blob());
    REQUIRE(found);
    CHECK(found->type == type);
    CHECK(found->bits == bits);
    const auto pem = key.to_pem();
    CHECK(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const auto again = HostKey::from_pem(pem);
    REQUIRE(again);
    CHECK(again->blob() == key.blob());
    CHECK(again->type() == type);
    for (const auto algorithm : algorithms) {
        INFO(algorithm);
        for (const HostKey* signer : {&key, &*again}) {
            for (const std::string_view data : {"data", "", "data"}) // twice: nothing is used up
                CHECK(verify_signature(key.blob(), algorithm, signer->sign(algorithm, data), data));
        }
    }
}

} // namespace

TEST_CASE("host keys sign with each of their algorithms and survive PEM", "[crypto]") {
    check_host_key(HostKey::generate(KeyKind::ed25519), "ssh-ed25519", 256, {"ssh-ed25519"});
    check_host_key(HostKey::generate(KeyKind::ecdsa_p256), "ecdsa-sha2-nistp256", 256,
                   {"ecdsa-sha2-nistp256"});
    check_host_key(HostKey::generate(KeyKind::rsa_2048), "ssh-rsa", 2048,
                   {"rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"});
}

TEST_CASE("an RSA host key has 3072 bits as ssh-keygen makes them", "[crypto][slow]") {
    const auto found = describe_key(HostKey::generate(KeyKind::rsa_3072).blob());
    REQUIRE(found);
    CHECK(found->bits == 3072);
}

TEST_CASE("PEM that is no host key is refused with the reason", "[crypto]") {
    // openssl genpkey -algorithm X448 and -algorithm EC -pkeyopt ec_paramgen_curve:P-384; openssl
    // genpkey -algorithm ED25519 -aes128 -pass pass:x
    const auto pem = GENERATE(values<std::string_view>({
        "",
        "-----BEGIN PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n"
        "MEYCAQAwBQYDK2VvBDoEOETvbwE0411mL/GC+fkN5iKUM1Ik9VpO+y/ioRRFO5Ao\n"
        "C7bu5vGNkOXlrvJzLdHF/uNSycRdZWai\n"
        "-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n"
        "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDC9Z/UL8QhSZ02b4ttw\n"
        "KX6SSk0v+pIqO7hbGGSQYbyWx2GUhctFMwY9Yft3HyjFsHGhZANiAAT9zsVHsAIc\n"
        "baac339u4CxocR3AMligEfGp6LDlLwb9hkJXY1DysyRgE44ZCB+5jhXPjcb7QUJb\n"
        "WCLe8TgqfUzaEYoBXwiUiANzJJKyxoc3Ja6WwaI4/taaBAD7uVjqgD8=\n"
        "-----END PRIVATE KEY-----\n",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
        "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiHHAbMVqyk3gICCAAw\n"
        "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEC+q6+rAOv/2aisdpc9P2sMEQBmh\n"
        "891sxbWc2Yk4Ar80FK823lYTcDsRZopzBLHhIZnTqEuA/wUx3KSVivoDiKIibS//\n"
        "MqztZydillAXyp9e7Xs=\n"
        "-----END ENCRYPTED PRIVATE KEY-----\n",
    }));
    const auto key = HostKey::from_pem(pem);
    REQUIRE_FALSE(key);
    CHECK(key.error().kind() == Fault::refused);
    CHECK_FALSE(key.error().detail().empty());
    CHECK(ERR_peek_error() == 0);
}
