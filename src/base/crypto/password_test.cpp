#include "base/crypto/password.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace skep::crypto;

TEST_CASE("a password is verified by its hash, and only it") {
    const auto hash = hash_password("correct horse");
    CHECK(hash.starts_with("$argon2id$"));
    CHECK(verify_password(hash, "correct horse"));
    CHECK_FALSE(verify_password(hash, "correct horsf"));
    CHECK_FALSE(verify_password(hash, ""));
    CHECK_FALSE(verify_password(hash, std::string_view{"correct horse\0", 14}));
    CHECK(hash_password("correct horse") != hash);
}

TEST_CASE("what is no hash verifies nothing") {
    CHECK_FALSE(verify_password("", ""));
    CHECK_FALSE(verify_password("correct horse", "correct horse"));
    CHECK_FALSE(verify_password(std::string(1000, '$'), "x"));
    CHECK_FALSE(verify_password("$argon2id$v=19$m=65536,t=2,p=1$", ""));
}

TEST_CASE("a made password is 20 readable characters and never the same") {
    std::set<std::string> made;
    for (int i = 0; i < 100; ++i) {
        const auto password = make_password();
        CHECK(password.size() == 20);
        CHECK(password.find_first_not_of("abcdefghijkmnpqrstuvwxyz23456789") == std::string::npos);
        made.insert(password);
    }
    CHECK(made.size() == 100);
}
