#include "service/ssh/startups.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace skep::service::ssh;

namespace {

/// How many of `tries` more connections from as many sources are admitted; all of them leave again.
int admitted_of(Startups& startups, int tries) {
    int admitted = 0;
    for (int i = 0; i < tries; ++i)
        admitted += StartupPlace{&startups, "192.0.2.1"}.admitted() ? 1 : 0;
    return admitted;
}

} // namespace

TEST_CASE("MaxStartups 10:30:100 drops some from 10 on and all from 100 on", "[ssh]") {
    const auto& limits = find_profile("openssh-9.2p1")->startups;
    Startups startups{limits};
    for (std::size_t i = 0; i < limits.begin; ++i)
        REQUIRE(startups.admit("192.0.2.1"));
    const auto some = admitted_of(startups, 2000);
    CHECK(some > 1200); // 70 % of 2000, and more than eight standard deviations around it
    CHECK(some < 1600);
    std::size_t all = limits.begin;
    for (int i = 0; i < 100'000; ++i)
        all += startups.admit("192.0.2.1") ? 1 : 0;
    CHECK(all == limits.full);
    CHECK(admitted_of(startups, 500) == 0);
    startups.release("192.0.2.1");
    CHECK(admitted_of(startups, 5000) > 0);
}

TEST_CASE("dropbear keeps 30 connections without a login, 5 of one source", "[ssh]") {
    Startups startups{find_profile("dropbear-2022.83")->startups};
    for (int i = 0; i < 30; ++i)
        CHECK(startups.admit("192.0.2." + std::to_string(i / 5)));
    CHECK_FALSE(startups.admit("192.0.2.0"));
    CHECK_FALSE(startups.admit("198.51.100.1"));
    startups.release("192.0.2.0");
    CHECK_FALSE(startups.admit("192.0.2.1"));
    CHECK(startups.admit("192.0.2.0"));
}
