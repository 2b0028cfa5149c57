#include "base/bytes.hpp"
#include "sensor/auth_policy.hpp"

#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::sensor;
using service::Verdict;

namespace {

AuthPolicy policy(std::initializer_list<const char*> assignments) {
    Settings settings;
    for (const char* assignment : assignments)
        REQUIRE(settings.assign(assignment));
    auto made = AuthPolicy::make(settings);
    REQUIRE(made.has_value());
    return *std::move(made);
}

} // namespace

TEST_CASE("patterns match whole texts") {
    CHECK(matches_pattern("*", ""));
    CHECK(matches_pattern("ro*t", "root"));
    CHECK(matches_pattern("ro?t", "root"));
    CHECK_FALSE(matches_pattern("ro?t", "rot"));
    CHECK_FALSE(matches_pattern("root", "root1"));
    CHECK(matches_pattern("a*b*c", "a-b-b-c"));
    CHECK_FALSE(matches_pattern("", "x"));
    CHECK(matches_pattern(
        "x\0y*", "x")); // the literal ends at its NUL: a pattern from the configuration has none
}

TEST_CASE("list: the first matching rule decides, and nothing else gets in") {
    auto list =
        policy({"auth.policy=list", R"(auth.accept=["!root:root", "root:*", "admin:adm?n"])"});
    CHECK(list.judge("1.2.3.4", "root", "root") == Verdict::refused);
    CHECK(list.judge("1.2.3.4", "root", "toor") == Verdict::accepted);
    CHECK(list.judge("1.2.3.4", "admin", "admin") == Verdict::accepted);
    CHECK(list.judge("1.2.3.4", "admin", "adm") == Verdict::refused);
    CHECK(list.judge("1.2.3.4", "guest", "guest") == Verdict::refused);
}

TEST_CASE("any accepts all but what a ! rule refuses, never accepts none") {
    auto any = policy({"auth.policy=any", R"(auth.accept=["!*:honeypot"])"});
    CHECK(any.judge("1.2.3.4", "x", "y") == Verdict::accepted);
    CHECK(any.judge("1.2.3.4", "x", "honeypot") == Verdict::refused);
    auto never = policy({"auth.policy=never"});
    CHECK(never.judge("1.2.3.4", "root", "root") == Verdict::refused);
}

TEST_CASE("after: N tries are refused, the next login is accepted for good and no other") {
    auto after =
        policy({"auth.policy=after", "auth.after_min=3", "auth.after_max=3", "auth.accept=[]"});
    int told = 0;
    after.on_accepted = [&](const std::string& source, std::string_view user,
                            std::string_view password) {
        ++told;
        CHECK(source == "1.2.3.4");
        CHECK(user == "root");
        CHECK(password == "d");
    };
    for (const char* password : {"a", "b", "c"})
        CHECK(after.judge("1.2.3.4", "root", password) == Verdict::refused);
    CHECK(after.judge("1.2.3.4", "root", "d") == Verdict::accepted);
    CHECK(after.judge("1.2.3.4", "root", "d") == Verdict::accepted);
    CHECK(after.judge("1.2.3.4", "root", "a") == Verdict::refused);
    CHECK(after.judge("1.2.3.4", "roo", "t:d") == Verdict::refused);
    CHECK(after.judge("5.6.7.8", "root", "d") == Verdict::refused);
    CHECK(told == 1);
}

TEST_CASE("after: tries at one process count at the others") {
    const std::initializer_list<const char*> settings{"auth.policy=after", "auth.after_min=3",
                                                      "auth.after_max=3", "auth.accept=[]"};
    auto left = policy(settings);
    auto right = policy(settings);
    left.on_tried = [&](const std::string& source) { right.tried(source); };
    right.on_tried = [&](const std::string& source) { left.tried(source); };
    CHECK(left.judge("1.2.3.4", "root", "a") == Verdict::refused);
    CHECK(right.judge("1.2.3.4", "root", "b") == Verdict::refused);
    CHECK(right.judge("5.6.7.8", "root", "b") == Verdict::refused);
    CHECK(left.judge("1.2.3.4", "root", "c") == Verdict::refused);
    CHECK(right.judge("1.2.3.4", "root", "d") == Verdict::accepted);
}

TEST_CASE("after: a remembered login works at once, everything else stays out") {
    auto after =
        policy({"auth.policy=after", "auth.after_min=0", "auth.after_max=0", "auth.accept=[]"});
    after.remember("1.2.3.4", "root", "d");
    CHECK(after.judge("1.2.3.4", "root", "x") == Verdict::refused);
    CHECK(after.judge("1.2.3.4", "root", "d") == Verdict::accepted);
}

TEST_CASE("limits.auth_memory_entries: the oldest source goes first") {
    auto after = policy({"auth.policy=after", "auth.after_min=0", "auth.after_max=0",
                         "auth.accept=[]", "limits.auth_memory_entries=100"});
    for (int i = 0; i < 101; ++i)
        after.remember("10.0.0." + std::to_string(i), "root", "d");
    CHECK(after.judge("10.0.0.0", "root", "other") == Verdict::accepted); // forgotten
    CHECK(after.judge("10.0.0.100", "root", "other") == Verdict::refused);
}

TEST_CASE("a rule without a colon and an empty range are refused") {
    Settings settings;
    REQUIRE(settings.assign(R"(auth.accept=["root"])"));
    CHECK_FALSE(AuthPolicy::make(settings).has_value());
    Settings range;
    REQUIRE(range.assign("auth.after_min=9"));
    CHECK_FALSE(AuthPolicy::make(range).has_value());
}
