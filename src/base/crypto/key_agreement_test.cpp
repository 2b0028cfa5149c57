#include "base/bytes.hpp"
#include "base/crypto/digest.hpp"
#include "base/crypto/elliptic.hpp"
#include "base/crypto/hex_test.hpp"
#include "base/crypto/key_agreement.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <sodium.h>

using namespace skep;
using namespace skep::crypto;

namespace {

void check_refused(KeyAgreement& ours, std::string_view peer) {
    const auto result = ours.agree(peer);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind() == Fault::malformed);
    CHECK(ERR_peek_error() == 0); // nothing is left for the next user of OpenSSL's error queue
}

} // namespace

TEST_CASE("X25519 agrees with libsodium and the keys of RFC 7748", "[crypto]") {
    // Section 6.1: Alice's private and public key.
    const auto scalar = unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    const auto* const secret = reinterpret_cast<const unsigned char*>(scalar.data());
    std::string theirs(32, '\0'), expected(32, '\0');
    const auto ours = make_x25519();
    REQUIRE(ours->public_value().size() == 32);
    CHECK(crypto_scalarmult_base(reinterpret_cast<unsigned char*>(theirs.data()), secret) == 0);
    CHECK(hex(theirs) == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    CHECK(crypto_scalarmult(reinterpret_cast<unsigned char*>(expected.data()), secret,
                            reinterpret_cast<const unsigned char*>(ours->public_value().data())) ==
          0);
    const auto agreed = ours->agree(theirs);
    REQUIRE(agreed);
    CHECK(*agreed == expected);
}

TEST_CASE("X25519 refuses other lengths and points of small order", "[crypto]") {
    const auto ours = make_x25519();
    check_refused(*ours, "");
    check_refused(*ours, std::string(31, 'x'));
    check_refused(*ours, std::string(33, 'x'));
    check_refused(*ours, std::string(32, '\0'));
    check_refused(*ours, std::string{"\1"} + std::string(31, '\0'));
    check_refused(*ours, unhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"));
    check_refused(*ours, unhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"));
    CHECK(make_x25519()->public_value() != ours->public_value());
}

namespace {

struct CurveRow {
    Curve curve;
    std::string_view scalar; ///< i of RFC 5903 section 8.
    std::string_view point_x;
};

std::string encoded(const EC_GROUP* group, const EC_POINT* point) {
    std::string bytes(
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, nullptr, 0, nullptr), '\0');
    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, openssl::bytes_of(bytes),
                       bytes.size(), nullptr);
    return bytes;
}

/// `scalar` times `point`, or times the generator.
std::string multiple(Curve curve, std::string_view scalar, std::string_view point) {
    const auto* const group = group_of(curve);
    const auto factor = openssl::number_of(scalar);
    const openssl::Point base{EC_POINT_new(group)}, result{EC_POINT_new(group)};
    if (point.empty()) {
        EC_POINT_mul(group, result.get(), factor.get(), nullptr, nullptr, nullptr);
    } else {
        EC_POINT_oct2point(group, base.get(), openssl::bytes_of(point), point.size(), nullptr);
        EC_POINT_mul(group, result.get(), nullptr, base.get(), factor.get(), nullptr);
    }
    return encoded(group, result.get());
}

const std::array curve_rows{
    CurveRow{Curve::p256, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
             "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"},
    CurveRow{Curve::p384,
             "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655"
             "e35b538041e649ee3faef896783ab194",
             "667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6"
             "de3ac808acb4bdb4c88732aee95f41aa"},
    CurveRow{Curve::p521,
             "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a0"
             "95aa85a30fe1c2952c6771d937ba9777f5957b2639bab072462f68c27a57382d"
             "4a52",
             "0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbe"
             "e1e3bf42e00b8e380aeae57c2d107564941885942af5a7f4601723c4195d176c"
             "ed3e"},
};

} // namespace

TEST_CASE("ECDH agrees with the other side's multiplication", "[crypto]") {
    for (const auto& row : curve_rows) {
        const auto theirs = multiple(row.curve, unhex(row.scalar), {});
        const std::size_t width = theirs.size() / 2;
        CHECK(hex(theirs.substr(1, width)) == row.point_x);
        const auto ours = make_ecdh(row.curve);
        CHECK(ours->public_value().size() == theirs.size());
        CHECK(ours->public_value().front() == 4);
        const auto agreed = ours->agree(theirs);
        REQUIRE(agreed);
        CHECK(*agreed ==
              multiple(row.curve, unhex(row.scalar), ours->public_value()).substr(1, width));
    }
}

TEST_CASE("ECDH refuses what is no ordinary point of the curve", "[crypto]") {
    for (const auto& row : curve_rows) {
        const auto ours = make_ecdh(row.curve);
        auto point = multiple(row.curve, unhex(row.scalar), {});
        check_refused(*ours, "");
        check_refused(*ours, std::string_view{"\0", 1}); // infinity
        check_refused(*ours, point + '\0');
        check_refused(*ours, std::string_view{point}.substr(0, point.size() - 1));
        check_refused(*ours, std::string(point.size(), '\0'));
        auto compressed = point.substr(0, point.size() / 2 + 1);
        compressed[0] = static_cast<char>(2 + (point.back() & 1));
        check_refused(*ours, compressed);
        auto hybrid = point;
        hybrid[0] = static_cast<char>(6 + (point.back() & 1));
        check_refused(*ours, hybrid);
        point.back() = static_cast<char>(point.back() ^ 1);
        check_refused(*ours, point);
    }
    // On the curve, but x is 5: sshkey_ec_validate_public wants half the order's bits.
    const auto small = "04" + std::string(63, '0') + "5" +
                       "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc";
    check_refused(*make_ecdh(Curve::p256), unhex(small));
}

TEST_CASE("both sides of a finite field agree, with the exponents of dh_gen_key", "[crypto]") {
    const auto group = GENERATE(1U, 14U, 16U, 18U);
    const auto ours = make_finite_field(modp_prime(group), "\2", 512);
    const auto theirs = make_finite_field(modp_prime(group), "\2", 128);
    const auto secret = ours->agree(theirs->public_value());
    REQUIRE(secret);
    CHECK(theirs->agree(ours->public_value()).value() == *secret);
    CHECK(secret->front() != '\0');
    CHECK(ours->public_value().front() != '\0');
    // An mpint's sign byte does no harm.
    const auto signed_value = std::string{'\0'} + std::string{theirs->public_value()};
    CHECK(ours->agree(signed_value).value() == *secret);
}

namespace {

unsigned power_mod_23(unsigned base, unsigned exponent) {
    unsigned result = 1;
    while (exponent-- > 0)
        result = result * base % 23;
    return result;
}

} // namespace

TEST_CASE("a finite field of 23 elements, where the exponent can be found", "[crypto]") {
    const auto ours = make_finite_field("\x17", "\5", 128);
    const auto open = static_cast<unsigned char>(ours->public_value().front());
    unsigned exponent = 0;
    while (power_mod_23(5, exponent) != open)
        ++exponent;
    const auto secret = ours->agree("\x0f");
    REQUIRE(secret);
    REQUIRE(secret->size() == 1);
    CHECK(static_cast<unsigned char>(secret->front()) == power_mod_23(15, exponent));
}

TEST_CASE("finite fields refuse what dh_pub_is_valid refuses", "[crypto]") {
    const std::string prime{modp_prime(14)};
    const auto ours = make_finite_field(prime, "\2", 256);
    const auto below_prime = [&](int difference) { // the prime ends with ff
        auto value = prime;
        value.back() = static_cast<char>(value.back() - difference);
        return value;
    };
    check_refused(*ours, "");
    check_refused(*ours, std::string(256, '\0'));
    check_refused(*ours, "\1");
    check_refused(*ours, "\x07");                          // three bits
    check_refused(*ours, "\x70" + std::string(255, '\0')); // three bits
    CHECK(ours->agree("\x0f"));
    CHECK(ours->agree(below_prime(2)));
    check_refused(*ours, below_prime(1));
    check_refused(*ours, prime);
    check_refused(*ours, prime + "x");
    check_refused(*ours, std::string(100'000, '\x7f'));
    // dropbear's kexdh_comb_key looks at the range alone.
    const auto easy = make_finite_field(prime, "\2", 256, 1);
    CHECK(easy->agree("\2"));
    CHECK(easy->agree("\x70" + std::string(255, '\0')));
    check_refused(*easy, "");
    check_refused(*easy, "\1");
    check_refused(*easy, below_prime(1));
}

TEST_CASE("the fixed primes are those of RFC 2409 and RFC 3526", "[crypto]") {
    struct Row {
        unsigned group;
        std::size_t bytes;
        std::string_view end; ///< Before the last eight bytes ff.
    };

    const auto row = GENERATE(values<Row>({{1, 128, "49286651ece65381"},
                                           {14, 256, "15728e5a8aacaa68"},
                                           {16, 512, "4df435c934063199"},
                                           {18, 1024, "60c980dd98edd3df"}}));
    const auto prime = modp_prime(row.group);
    const std::string ones(8, '\xff');
    CHECK(prime.size() == row.bytes);
    CHECK(prime.starts_with(ones));
    CHECK(prime.ends_with(unhex(row.end) + ones));
    CHECK(hex(prime.substr(8, 8)) == "c90fdaa22168c234");
    CHECK(modp_prime(15).empty());
}
