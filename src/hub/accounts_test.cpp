#include "base/crypto/password.hpp"
#include "hub/accounts.hpp"
#include "hub/live_feed.hpp"
#include "hub/query_pool.hpp"
#include "hub/testing.hpp"

#include <fstream>
#include <latch>

using namespace skep;
using namespace skep::hub;
using namespace skep::hub::testing;

namespace {

struct HandClock final : Clock {
    Micros time = 1'000'000'000'000;

    Micros now() const override { return time; }
};

constexpr Micros second = 1'000'000;

} // namespace

TEST_CASE("a login lives for hub.session_hours and ends by logout") {
    HandClock clock;
    Accounts accounts{clock, {.session_hours = 2}};
    const auto login = accounts.open();
    CHECK(login.token.size() == 64);
    REQUIRE(accounts.find(login.token).has_value());
    CHECK(accounts.find(login.token)->csrf == login.csrf);
    CHECK_FALSE(accounts.find("").has_value());
    CHECK_FALSE(accounts.find(std::string(64, 'a')).has_value());
    CHECK_FALSE(accounts.find(login.token + "0").has_value());
    clock.time += 2 * 3600 * second - 1;
    CHECK(accounts.find(login.token).has_value());
    clock.time += 1;
    CHECK_FALSE(accounts.find(login.token).has_value());
    const auto other = accounts.open();
    accounts.close(other.token);
    CHECK_FALSE(accounts.find(other.token).has_value());
}

TEST_CASE("a CSRF token belongs to one login") {
    HandClock clock;
    Accounts accounts{clock, {}};
    const auto a = accounts.open();
    const auto b = accounts.open();
    CHECK(Accounts::is_csrf(a.token, a.csrf));
    CHECK_FALSE(Accounts::is_csrf(a.token, b.csrf));
    CHECK_FALSE(Accounts::is_csrf(a.token, ""));
    CHECK_FALSE(Accounts::is_csrf(a.token, a.token));
}

TEST_CASE("limits.hub_sessions: the oldest login goes") {
    HandClock clock;
    Accounts accounts{clock, {.sessions_max = 3}};
    std::vector<Login> logins;
    for (int i = 0; i < 4; ++i) {
        logins.push_back(accounts.open());
        clock.time += second;
    }
    CHECK_FALSE(accounts.find(logins[0].token).has_value());
    for (std::size_t i = 1; i < 4; ++i)
        CHECK(accounts.find(logins[i].token).has_value());
}

TEST_CASE("limits.hub_logins_per_minute and hub_logins_per_minute_all") {
    HandClock clock;
    Accounts accounts{clock, {.logins_per_minute = 3, .logins_per_minute_all = 5}};
    for (int i = 0; i < 3; ++i)
        CHECK(accounts.admit("192.0.2.1") == 0);
    CHECK(accounts.admit("192.0.2.1") > 0);
    CHECK(accounts.admit("192.0.2.1") <= 20);
    CHECK(accounts.admit("192.0.2.2") == 0);
    CHECK(accounts.admit("192.0.2.3") == 0);
    CHECK(accounts.admit("192.0.2.4") > 0); // all together
    clock.time += 60 * second;
    CHECK(accounts.admit("192.0.2.1") == 0);
}

TEST_CASE("the password file") {
    const Scratch scratch;
    const auto file = scratch.path("password");
    CHECK_FALSE(check_password(file, "x").has_value());
    std::ofstream{file} << crypto::hash_password("secret") << "\n";
    CHECK(must(check_password(file, "secret")));
    CHECK_FALSE(must(check_password(file, "wrong")));
    std::ofstream{file} << "\n";
    CHECK_FALSE(check_password(file, "").has_value());
}

TEST_CASE("a rate limiter refills evenly and forgets what says nothing") {
    RateLimiter limiter{60, 100};
    Micros now = 0;
    for (int i = 0; i < 60; ++i)
        CHECK(limiter.take("a", now) == 0);
    CHECK(limiter.take("a", now) == 1);
    now += second;
    CHECK(limiter.take("a", now) == 0);
    CHECK(limiter.take("a", now) == 1);
    for (int i = 0; i < 1000; ++i)
        CHECK(limiter.take("k" + std::to_string(i), now) == 0);
    CHECK(limiter.keys() <= 100);
    CHECK(rate_key("192.0.2.1") == "192.0.2.1");
    CHECK(rate_key("2001:db8:1:2:3:4:5:6") == rate_key("2001:db8:1:2:ffff::1"));
    CHECK(rate_key("2001:db8:1:2::1") != rate_key("2001:db8:1:3::1"));
}

TEST_CASE("limits.hub_live_events and hub_live_bytes: the window moves, and says so") {
    LiveFeed feed{3, 100};
    feed.start_at(10);
    CHECK(feed.last_seq() == 10);
    CHECK_FALSE(feed.after(9, 10).has_value());
    CHECK(feed.after(10, 10)->empty());
    feed.publish({{11, "a", "1"}, {13, "b", "2"}});
    CHECK(feed.after(10, 10)->size() == 2);
    CHECK(feed.after(10, 1)->size() == 1);
    CHECK(feed.after(12, 10)->front().seq == 13);
    feed.publish({{14, "c", "3"}, {15, "d", "4"}});
    CHECK_FALSE(feed.after(10, 10).has_value()); // 11 is gone
    CHECK(feed.after(11, 10)->size() == 3);
    feed.publish({{16, "e", std::string(99, 'x')}});
    CHECK(feed.after(15, 10)->size() == 1);
    CHECK_FALSE(feed.after(13, 10).has_value());
}

TEST_CASE("limits.hub_queries_waiting: a full pool refuses") {
    const Scratch scratch;
    const auto opened = open_store(scratch);
    std::latch begun{1};
    std::latch go_on{1};
    const auto pool = must(QueryPool::make(opened, {.threads = 1, .waiting_max = 2}));
    CHECK(pool->submit([&](store::Connection&) {
        begun.count_down();
        go_on.wait();
    }));
    begun.wait();
    CHECK(pool->submit([](store::Connection&) {}));
    CHECK(pool->submit([](store::Connection&) {}));
    CHECK_FALSE(pool->submit([](store::Connection&) {}));
    go_on.count_down();
}

TEST_CASE("limits.hub_query_seconds: a slow question is interrupted, the next one runs") {
    const Scratch scratch;
    const auto opened = open_store(scratch);
    std::latch done{2};
    Fault fault{};
    std::int64_t answer = 0;
    const auto pool = must(QueryPool::make(
        opened, {.threads = 1, .waiting_max = 8, .longest = std::chrono::milliseconds{50}}));
    CHECK(pool->submit([&](store::Connection& connection) {
        const auto rows =
            connection.query("SELECT count(*) FROM range(10000000) a, range(100000) b");
        if (!rows) fault = rows.error().kind();
        done.count_down();
    }));
    CHECK(pool->submit([&](store::Connection& connection) {
        const auto rows = connection.query("SELECT CAST(42 AS BIGINT)");
        if (rows) answer = store::number((*rows)[0][0]);
        done.count_down();
    }));
    done.wait();
    CHECK(fault == Fault::timed_out);
    CHECK(answer == 42);
}

TEST_CASE("the end of a pool interrupts what runs") {
    const Scratch scratch;
    const auto opened = open_store(scratch);
    std::latch begun{1};
    auto pool = must(QueryPool::make(opened, {.threads = 1}));
    Fault fault{};
    CHECK(pool->submit([&](store::Connection& connection) {
        begun.count_down();
        const auto rows =
            connection.query("SELECT count(*) FROM range(10000000) a, range(100000) b");
        if (!rows) fault = rows.error().kind();
    }));
    begun.wait();
    pool.reset();
    CHECK(fault == Fault::timed_out);
}
