#include "base/bytes.hpp"
#include "base/crypto/digest.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::crypto;

TEST_CASE("digests of abc are those of RFC 1321 and FIPS 180-4", "[crypto]") {
    struct Row {
        Hash hash;
        std::string_view expected;
    };

    const auto row = GENERATE(values<Row>({
        {Hash::md5, "900150983cd24fb0d6963f7d28e17f72"},
        {Hash::sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {Hash::sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {Hash::sha384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                       "8086072ba1e7cc2358baeca134c825a7"},
        {Hash::sha512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                       "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    }));
    CHECK(hex(digest(row.hash, "abc")) == row.expected);
    CHECK(size_of(row.hash) == row.expected.size() / 2);
}

TEST_CASE("equality in constant time is equality", "[crypto]") {
    CHECK(equal_in_constant_time("", ""));
    CHECK(equal_in_constant_time("abc", "abc"));
    CHECK_FALSE(equal_in_constant_time("abc", "abd"));
    CHECK_FALSE(equal_in_constant_time("abc", "ab"));
}

TEST_CASE("a wiped string is empty and its bytes are gone", "[crypto]") {
    std::string secret(100, 's');
    const char* const place = secret.data();
    secret.resize(50);
    wipe(secret);
    CHECK(secret.empty());
    secret.resize_and_overwrite(50, [](char*, std::size_t size) { return size; });
    CHECK(secret.data() == place);
    CHECK(secret.find('s') == std::string::npos);
}
