// A day of events with known answers, and how a recount goes over them. For the tests of panels.
#pragma once

#include "base/crypto/sha256.hpp"
#include "base/ids.hpp"
#include "hub/api/panel.hpp"
#include "hub/testing.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <set>

namespace skep::hub::testing {

namespace json = boost::json;

constexpr Micros minute = 60'000'000;
constexpr Micros now = 1'764'000'000'000'000;

/// Events that look like a day's, the same in every run: 40 sources, sessions of a few events.
inline std::vector<event::Event> a_day() {
    std::mt19937 random{7}; // NOLINT(bugprone-random-generator-seed): the same in every run
    const auto pick = [&](std::int64_t below) {
        return static_cast<std::int64_t>(random()) % below;
    };
    std::vector<event::Event> events;
    for (int i = 0; i < 600; ++i) {
        Micros time = now - static_cast<Micros>(pick(30 * 60)) * minute - pick(60'000'000);
        const auto ip = "192.0.2." + std::to_string(pick(6) * pick(7));
        const auto session = "s" + std::to_string(i);
        const auto add = [&](std::string_view eventid) -> event::Event& {
            time += 1 + pick(2'000'000);
            auto& event = events.emplace_back(eventid, time);
            return event.text("session", session)
                .text("src_ip", ip)
                .text("protocol", i % 3 == 0 ? "ssh" : "telnet");
        };
        add("session.connect").number("src_port", 1000 + i);
        if (pick(2) == 0)
            add("client.version").text("version", "SSH-2.0-" + std::to_string(pick(3)));
        if (pick(4) == 0) add("client.kex").text("hassh", "h" + std::to_string(pick(2)));
        if (pick(4) == 0)
            add("client.var").text("name", pick(2) == 0 ? "TERM" : "LANG").text("value", "xterm");
        for (auto tries = pick(4); tries > 0; --tries)
            add("login.failed")
                .text("username", pick(2) == 0 ? "root" : "")
                .text("password", std::to_string(pick(5)));
        if (pick(3) == 0) {
            add("login.success").text("username", "root").text("password", std::to_string(pick(5)));
            for (auto lines = pick(5); lines > 0; --lines)
                add("command.input").text("input", "cmd " + std::to_string(pick(6)));
            if (pick(2) == 0)
                add("file.captured")
                    .text("shasum", crypto::sha256_hex(std::to_string(pick(4))))
                    .number("size", 10)
                    .text("destfile", "/tmp/x");
        }
        if (pick(5) != 0) add("session.closed").number("duration_ms", 1234);
    }
    events.emplace_back("skep.started", now - minute).text("role", "hub");
    std::ranges::sort(events, {}, &event::Event::time);
    return events;
}

/// A store with a day in it. Not static: DuckDB does not close well after the end of main.
struct Day {
    Scratch scratch;
    std::vector<event::Event> events = a_day();
    store::Store opened = open_store(scratch);
    store::Connection connection = must(opened.connect());

    Day() {
        auto writer = must(store::Writer::make(must(opened.connect())));
        REQUIRE(put(writer, events) == events.size());
    }

    Result<api::Response> raw(api::Panel panel, api::Parameters query, std::string name = {}) {
        TRY(auto asked, api::read_common(std::move(query), now));
        asked.name = std::move(name);
        asked.state_directory = scratch.path();
        asked.answer_bytes_max = 1 << 24;
        return panel(connection, asked);
    }

    json::object get(api::Panel panel, api::Parameters query, std::string name = {}) {
        const auto response = must(raw(panel, std::move(query), std::move(name)));
        REQUIRE(response.status == 200);
        return json::parse(response.body).get_object();
    }

    /// The events of the default window, or from `from` on.
    std::vector<event::Event> window(Micros from = now - 24 * 60 * minute, Micros to = now) const {
        std::vector<event::Event> found;
        std::ranges::copy_if(events, std::back_inserter(found), [&](const auto& event) {
            return event.time() >= from && event.time() < to;
        });
        return found;
    }
};

inline std::int64_t count(const std::vector<event::Event>& events, std::string_view eventid) {
    return std::ranges::count(events, eventid, &event::Event::eventid);
}

inline std::set<std::string> distinct(const std::vector<event::Event>& events,
                                      std::string_view field) {
    std::set<std::string> values;
    for (const auto& event : events)
        if (event.find(field) != nullptr) values.emplace(event.text_of(field));
    return values;
}

inline std::string str(const json::value& value) {
    return std::string{value.as_string()};
}

struct Tally {
    std::int64_t count = 0;
    std::set<std::string> sources;
    Micros last = 0;

    void add(const event::Event& event) {
        ++count;
        sources.emplace(event.text_of("src_ip"));
        last = std::max(last, event.time());
    }
};

/// Checks count, sources and last_seen of every item, the number of items, and their order.
template <class Key>
void check_items(const json::object& answer,
                 const std::map<std::string, Tally>& expected,
                 Key key,
                 std::string_view count_name,
                 bool by_sources) {
    const auto& items = answer.at("items").as_array();
    CHECK(answer.at("total").as_int64() == static_cast<std::int64_t>(expected.size()));
    REQUIRE(items.size() == expected.size());
    std::int64_t before = INT64_MAX;
    for (const auto& value : items) {
        const auto& item = value.as_object();
        INFO(json::serialize(item));
        const auto found = expected.find(key(item));
        REQUIRE(found != expected.end());
        CHECK(item.at(count_name).as_int64() == found->second.count);
        CHECK(item.at("sources").as_int64() ==
              static_cast<std::int64_t>(found->second.sources.size()));
        CHECK(str(item.at("last_seen")) == iso8601(found->second.last));
        const auto rank = item.at(by_sources ? "sources" : count_name).as_int64();
        CHECK(rank <= before);
        before = rank;
    }
}

} // namespace skep::hub::testing
