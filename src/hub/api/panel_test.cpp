// The panels' numbers against a plain recount in C++ of the same events.
#include "hub/api/panel_testing.hpp"

using namespace skep;
using namespace skep::hub;
using namespace skep::hub::testing;
namespace json = boost::json;

TEST_CASE("panel summary counts what a recount counts") {
    Day day;
    for (const auto& [from, minutes] : {std::pair{"-24h", 24 * 60}, std::pair{"-90m", 90}}) {
        const auto events = day.window(now - minutes * minute);
        const auto answer = day.get(api::summary, {{"from", from}});
        CHECK(answer.at("events").as_int64() == static_cast<std::int64_t>(events.size()));
        CHECK(answer.at("sessions").as_int64() ==
              static_cast<std::int64_t>(distinct(events, "session").size()));
        CHECK(answer.at("sources").as_int64() ==
              static_cast<std::int64_t>(distinct(events, "src_ip").size()));
        CHECK(answer.at("sources_60m").as_int64() ==
              static_cast<std::int64_t>(
                  distinct(day.window(now - 60 * minute, INT64_MAX), "src_ip").size()));
        CHECK(answer.at("logins_failed").as_int64() == count(events, "login.failed"));
        CHECK(answer.at("logins_success").as_int64() == count(events, "login.success"));
        CHECK(answer.at("commands").as_int64() == count(events, "command.input"));
        CHECK(answer.at("files_captured").as_int64() == count(events, "file.captured"));
        CHECK(answer.at("files_distinct").as_int64() ==
              static_cast<std::int64_t>(distinct(events, "shasum").size()));
        CHECK(str(answer.at("first_event")) == iso8601(events.front().time()));
        CHECK(str(answer.at("last_event")) == iso8601(events.back().time()));
    }
    const auto empty = day.get(api::summary, {{"from", "1000"}, {"to", "2000"}});
    CHECK(empty.at("events").as_int64() == 0);
    CHECK(empty.at("first_event").is_null());
}

TEST_CASE("panel timeline has every bar, and they add up") {
    Day day;
    for (const auto* from : {"-24h", "-60m", "0"}) {
        const auto answer = day.get(api::timeline, {{"from", from}, {"buckets", "50"}});
        const auto width = answer.at("bucket_seconds").as_int64() * 1'000'000;
        const auto& bars = answer.at("buckets").as_array();
        CHECK(bars.size() <= 51);
        CHECK(bars.size() >= 5);
        const auto begin =
            std::string_view{from} == "0"
                ? 0
                : must(parse_iso8601(str(day.get(api::summary, {{"from", from}}).at("from"))));
        const auto events = day.window(begin);
        std::int64_t sum = 0;
        Micros expected_time = must(parse_iso8601(str(bars[0].at("time"))));
        for (const auto& bar : bars) {
            const auto time = must(parse_iso8601(str(bar.at("time"))));
            CHECK(time == expected_time);
            expected_time += width;
            std::vector<event::Event> inside;
            std::ranges::copy_if(events, std::back_inserter(inside), [&](const auto& event) {
                return event.time() >= time && event.time() < time + width;
            });
            CHECK(bar.at("events").as_int64() == static_cast<std::int64_t>(inside.size()));
            CHECK(bar.at("sources").as_int64() ==
                  static_cast<std::int64_t>(distinct(inside, "src_ip").size()));
            CHECK(bar.at("sessions").as_int64() ==
                  static_cast<std::int64_t>(distinct(inside, "session").size()));
            sum += bar.at("events").as_int64();
        }
        CHECK(sum == static_cast<std::int64_t>(events.size()));
    }
}

TEST_CASE("panel sources") {
    Day day;
    const auto answer = day.get(api::sources, {{"limit", "1000"}});
    std::map<std::string, std::vector<event::Event>> by_ip;
    for (const auto& event : day.window())
        if (event.find("src_ip") != nullptr)
            by_ip[std::string{event.text_of("src_ip")}].push_back(event);
    const auto& items = answer.at("items").as_array();
    REQUIRE(items.size() == by_ip.size());
    std::int64_t before = INT64_MAX;
    for (const auto& item : items) {
        const auto& events = by_ip.at(str(item.at("src_ip")));
        CHECK(item.at("events").as_int64() == static_cast<std::int64_t>(events.size()));
        CHECK(item.at("sessions").as_int64() ==
              static_cast<std::int64_t>(distinct(events, "session").size()));
        CHECK(item.at("logins_failed").as_int64() == count(events, "login.failed"));
        CHECK(item.at("logins_success").as_int64() == count(events, "login.success"));
        CHECK(item.at("commands").as_int64() == count(events, "command.input"));
        CHECK(item.at("files").as_int64() == count(events, "file.captured"));
        CHECK(str(item.at("first_seen")) == iso8601(events.front().time()));
        CHECK(str(item.at("last_seen")) == iso8601(events.back().time()));
        CHECK(item.at("events").as_int64() <= before);
        before = item.at("events").as_int64();
    }
    const auto three = day.get(api::sources, {{"limit", "3"}});
    CHECK(three.at("items").as_array().size() == 3);
    CHECK(three.at("total").as_int64() == static_cast<std::int64_t>(by_ip.size()));
}

TEST_CASE("panel credentials, by outcome and order") {
    Day day;
    for (const std::string outcome : {"all", "failed", "success"})
        for (const std::string by : {"events", "sources"}) {
            std::map<std::string, Tally> expected;
            std::map<std::string, std::pair<std::int64_t, std::int64_t>> outcomes;
            for (const auto& event : day.window()) {
                const bool failed = event.eventid() == "login.failed";
                if ((!failed && event.eventid() != "login.success") ||
                    (failed ? outcome == "success" : outcome == "failed"))
                    continue;
                const auto key = std::string{event.text_of("username")} + '/' +
                                 std::string{event.text_of("password")};
                expected[key].add(event);
                ++(failed ? outcomes[key].first : outcomes[key].second);
            }
            auto answer =
                day.get(api::credentials, {{"limit", "1000"}, {"outcome", outcome}, {"by", by}});
            for (auto& item : answer.at("items").as_array()) {
                const auto key = str(item.at("username")) + '/' + str(item.at("password"));
                CHECK(item.at("failed").as_int64() == outcomes[key].first);
                CHECK(item.at("success").as_int64() == outcomes[key].second);
                item.as_object()["n"] =
                    item.at("failed").as_int64() + item.at("success").as_int64();
            }
            check_items(
                answer, expected,
                [](const json::object& item) {
                    return str(item.at("username")) + '/' + str(item.at("password"));
                },
                "n", by == "sources");
        }
    CHECK_FALSE(day.raw(api::credentials, {{"outcome", "maybe"}}).has_value());
}

TEST_CASE("panels commands and clients") {
    Day day;
    for (const std::string by : {"events", "sources"}) {
        std::map<std::string, Tally> commands;
        std::map<std::string, Tally> clients;
        for (const auto& event : day.window()) {
            if (event.eventid() == "command.input")
                commands[std::string{event.text_of("input")}].add(event);
            if (event.eventid() == "client.version")
                clients["version/" + std::string{event.text_of("version")}].add(event);
            if (event.find("hassh") != nullptr)
                clients["hassh/" + std::string{event.text_of("hassh")}].add(event);
            if (event.eventid() == "client.var" && event.text_of("name") == "TERM")
                clients["term/" + std::string{event.text_of("value")}].add(event);
        }
        REQUIRE(clients.size() == 6);
        check_items(
            day.get(api::commands, {{"limit", "1000"}, {"by", by}}), commands,
            [](const json::object& item) { return str(item.at("input")); }, "count",
            by == "sources");
        check_items(
            day.get(api::clients, {{"limit", "1000"}, {"by", by}}), clients,
            [](const json::object& item) {
                return str(item.at("kind")) + '/' + str(item.at("value"));
            },
            "count", by == "sources");
    }
}

TEST_CASE("panel files tells who brought each, and what kind it is") {
    Day day;
    const auto script = crypto::sha256_hex("1");
    std::filesystem::create_directories(day.scratch.path("vault/" + script.substr(0, 2)));
    std::ofstream{day.scratch.path("vault/" + script.substr(0, 2) + "/" + script)} << "#!/bin/sh\n";
    std::map<std::string, Tally> expected;
    std::map<std::string, event::Event> last;
    std::map<std::string, std::string> logins;
    for (const auto& event : day.window()) {
        if (event.eventid() == "login.success")
            logins[std::string{event.text_of("session")}] = event.text_of("password");
        if (event.eventid() != "file.captured") continue;
        expected[std::string{event.text_of("shasum")}].add(event);
        last.insert_or_assign(std::string{event.text_of("shasum")}, event);
    }
    const auto answer = day.get(api::files, {{"by", "sources"}});
    check_items(
        answer, expected, [](const json::object& item) { return str(item.at("shasum")); }, "count",
        true);
    for (const auto& item : answer.at("items").as_array()) {
        const auto& event = last.at(str(item.at("shasum")));
        CHECK(str(item.at("session")) == event.text_of("session"));
        CHECK(str(item.at("src_ip")) == event.text_of("src_ip"));
        CHECK(str(item.at("username")) == "root");
        CHECK(str(item.at("password")) == logins.at(str(item.at("session"))));
        CHECK(str(item.at("kind")) == (str(item.at("shasum")) == script ? "script" : ""));
    }
    Micros before = INT64_MAX;
    for (const auto& item : day.get(api::files, {}).at("items").as_array()) {
        const auto seen = must(parse_iso8601(str(item.at("last_seen"))));
        CHECK(seen <= before);
        before = seen;
    }
    const auto one = day.get(api::artifact, {}, script);
    CHECK(one.at("count").as_int64() ==
          static_cast<std::int64_t>(one.at("sightings").as_array().size()));
    CHECK(must(day.raw(api::artifact, {}, crypto::sha256_hex("no"))).status == 404);
}
