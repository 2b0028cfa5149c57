#include "base/crypto/random.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

using namespace skep::crypto;

TEST_CASE("random bytes have the length that was asked for and do not come again") {
    std::set<std::string> seen;
    for (int i = 0; i < 2000; ++i)
        CHECK(seen.insert(random_bytes(16)).second);
    CHECK(random_bytes(0).empty());
    CHECK(random_bytes(31).size() == 31);
    CHECK(random_bytes(5000).size() == 5000);
    for (int i = 0; i < 100; ++i)
        CHECK(random_below(3) < 3);
}

TEST_CASE("a forked process has random bytes of its own") {
    static_cast<void>(random_bytes(8)); // there is more where these came from
    int ends[2] = {-1, -1};
    REQUIRE(::pipe(ends) == 0);
    const auto child = ::fork();
    if (child == 0) {
        const auto bytes = random_bytes(16);
        ::_exit(::write(ends[1], bytes.data(), bytes.size()) == 16 ? 0 : 1);
    }
    REQUIRE(child > 0);
    const auto ours = random_bytes(16);
    std::string theirs(16, '\0');
    REQUIRE(::read(ends[0], theirs.data(), theirs.size()) == 16);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    ::close(ends[0]);
    ::close(ends[1]);
    CHECK(ours != theirs);
}
