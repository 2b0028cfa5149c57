// Lists of events and sessions: filters, pages, limits.
#include "hub/api/panel_testing.hpp"

using namespace skep;
using namespace skep::hub;
using namespace skep::hub::testing;
namespace json = boost::json;

TEST_CASE("panel events pages through everything once, the newest first") {
    Day day;
    auto expected = day.window();
    std::ranges::reverse(expected);
    std::vector<std::string> seen;
    std::string before;
    do {
        const auto page =
            day.get(api::events, {{"limit", "700"}, {"from", "-24h"}, {"before", before}});
        for (const auto& item : page.at("items").as_array())
            seen.push_back(str(item.at("id")));
        before = page.at("next").is_null() ? "" : str(page.at("next"));
    } while (!before.empty());
    REQUIRE(seen.size() == expected.size());
    CHECK(std::set<std::string>{seen.begin(), seen.end()}.size() == seen.size());
    CHECK(seen.front() == expected.front().id());
    CHECK(seen.back() == expected.back().id());
    CHECK_FALSE(day.raw(api::events, {{"before", "nonsense"}}).has_value());
}

TEST_CASE("the filters of events find exactly what they say") {
    Day day;
    const auto check = [&](const api::Parameters& query, auto wanted) {
        auto all = query;
        all["limit"] = "1000";
        std::set<std::string> expected;
        for (const auto& event : day.window())
            if (wanted(event)) expected.insert(event.id());
        std::set<std::string> found;
        for (;;) {
            const auto page = day.get(api::events, all);
            for (const auto& item : page.at("items").as_array())
                found.insert(str(item.at("id")));
            if (page.at("next").is_null()) break;
            all["before"] = str(page.at("next"));
        }
        INFO(query.begin()->first << "=" << query.begin()->second);
        CHECK(found == expected);
        CHECK_FALSE(expected.empty());
    };
    using E = const event::Event&;
    check({{"eventid", "login.*"}}, [](E e) { return e.eventid().starts_with("login."); });
    check({{"eventid", "command.input,client.*"}},
          [](E e) { return e.eventid() == "command.input" || e.eventid().starts_with("client."); });
    check({{"src_ip", "192.0.2.4"}}, [](E e) { return e.text_of("src_ip") == "192.0.2.4"; });
    const std::string some = day.window().front().text_of("session").data();
    check({{"session", some}}, [&](E e) { return e.text_of("session") == some; });
    check({{"protocol", "ssh"}}, [](E e) { return e.text_of("protocol") == "ssh"; });
    check({{"username", "root"}, {"password", "3"}},
          [](E e) { return e.text_of("username") == "root" && e.text_of("password") == "3"; });
    check({{"username", ""}},
          [](E e) { return e.eventid().starts_with("login.") && e.text_of("username").empty(); });
    check({{"input", "cmd 2"}}, [](E e) { return e.text_of("input") == "cmd 2"; });
    check({{"q", "CMD"}}, [](E e) { return e.text_of("input").contains("cmd"); });
    check({{"q", "192.0.2.1"}, {"eventid", "session.*"}}, [](E e) {
        return e.eventid().starts_with("session.") && e.text_of("src_ip").contains("192.0.2.1");
    });
    check({{"shasum", crypto::sha256_hex("0")}},
          [](E e) { return e.text_of("shasum") == crypto::sha256_hex("0"); });
    check({{"unknown", "x"}}, [](E) { return true; });
}

TEST_CASE("what is asked never becomes SQL") {
    Day day;
    const std::vector<std::string> all{
        "'", "' OR 1=1 --", "\"", "?", "$1", "%", "\\", std::string(1, '\0'), std::string("\xff")};
    for (const auto& hostile : all) {
        for (const auto* name :
             {"src_ip", "session", "username", "input", "eventid", "q", "protocol", "shasum"})
            if (name != std::string_view{"q"} || hostile != "\"") // JSON of other members has these
                CHECK(day.get(api::events, {{name, hostile}}).at("items").as_array().empty());
        CHECK(day.get(api::sessions, {{"input", hostile}}).at("items").as_array().empty());
    }
}

TEST_CASE("panel sessions") {
    Day day;
    std::map<std::string, std::vector<event::Event>> expected;
    for (const auto& event : day.events)
        if (event.find("session") != nullptr)
            expected[std::string{event.text_of("session")}].push_back(event);
    std::set<std::string> in_window = distinct(day.window(), "session");
    std::vector<std::string> seen;
    std::string before;
    do {
        const auto page = day.get(api::sessions, {{"limit", "250"}, {"before", before}});
        CHECK(page.at("total").as_int64() == static_cast<std::int64_t>(in_window.size()));
        for (const auto& item : page.at("items").as_array()) {
            const auto& events = expected.at(str(item.at("session")));
            seen.push_back(str(item.at("session")));
            CHECK(str(item.at("start")) == iso8601(events.front().time()));
            CHECK(str(item.at("src_ip")) == events.front().text_of("src_ip"));
            CHECK(item.at("src_port").as_int64() == events.front().number_of("src_port"));
            CHECK(item.at("commands").as_int64() == count(events, "command.input"));
            CHECK(item.at("files").as_int64() == count(events, "file.captured"));
            CHECK(item.at("logins_failed").as_int64() == count(events, "login.failed"));
            const bool closed = count(events, "session.closed") != 0;
            const bool open = !closed && events.back().time() > now - 24 * 60 * minute;
            CHECK(item.at("open").as_bool() == open);
            CHECK(item.at("end").is_null() == open);
            if (closed) CHECK(item.at("duration_ms").as_int64() == 1234);
            CHECK_FALSE(item.at("has_recording").as_bool());
        }
        before = page.at("next").is_null() ? "" : str(page.at("next"));
    } while (!before.empty());
    CHECK(seen.size() == in_window.size());
    CHECK(std::set<std::string>{seen.begin(), seen.end()} == in_window);
    const auto one = day.get(api::session, {}, "s7");
    CHECK(one.at("events").as_array().size() == expected["s7"].size());
    CHECK(str(one.at("events").as_array()[0].at("id")) == expected["s7"][0].id());
    CHECK(must(day.raw(api::session, {}, "nobody")).status == 404);
    const auto some = day.get(api::sessions, {{"input", "cmd 1"}, {"limit", "1000"}});
    std::set<std::string> with_input;
    for (const auto& event : day.window())
        if (event.text_of("input") == "cmd 1") with_input.emplace(event.text_of("session"));
    CHECK(some.at("total").as_int64() == static_cast<std::int64_t>(with_input.size()));
}

TEST_CASE("limits.hub_answer_bytes: a list that is too large says where it goes on") {
    Day day;
    auto asked = must(api::read_common({{"limit", "100"}}, now));
    asked.answer_bytes_max = 5000;
    const auto response = must(api::events(day.connection, asked));
    CHECK(response.body.size() < 5200);
    const auto page = json::parse(response.body).get_object();
    CHECK(page.at("next").is_string());
    const auto cut = json::parse(must(api::sources(day.connection,
                                                   [&] {
                                                       auto few = asked;
                                                       few.answer_bytes_max = 500;
                                                       return few;
                                                   }()))
                                     .body)
                         .get_object();
    CHECK(cut.at("cut").as_bool());
}

TEST_CASE("wrong parameters are refused") {
    const std::vector<api::Parameters> all{
        {{"from", "yesterday"}}, {{"limit", "0"}},   {{"limit", "1001"}},
        {{"limit", "x"}},        {{"by", "colour"}}, {{"from", "-1h"}, {"to", "-2h"}}};
    for (const auto& wrong : all)
        CHECK_FALSE(api::read_common(wrong, now).has_value());
}
