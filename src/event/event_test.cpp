#include "base/bytes.hpp"
#include "event/event.hpp"
#include "event/schema.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace skep;
using namespace skep::event;

namespace {

constexpr Micros time_of_test = 1'795'516'200'123'456;

Event make() {
    return {"login.failed", time_of_test, "019ab3a5-c040-7000-8000-000000000000"};
}

/// `event` written, read and written again.
void check_round_trip(const Event& event) {
    const auto json = to_json(event);
    CHECK(is_utf8(json));
    CHECK(json.find('\n') == std::string::npos);
    const auto back = from_json(json);
    REQUIRE(back);
    CHECK(back->id() == event.id());
    CHECK(back->eventid() == event.eventid());
    CHECK(back->time() == event.time());
    CHECK(back->values() == event.values());
    CHECK(to_json(*back) == json);
}

} // namespace

TEST_CASE("an event is one line of JSON with its three names first") {
    auto event = make();
    event.text("username", "root").number("src_port", 40123).set("truncated", true);
    event.set("argv", std::vector<std::string>{"sh", "-c"});
    CHECK(to_json(event) ==
          R"({"id":"019ab3a5-c040-7000-8000-000000000000","eventid":"login.failed",)"
          R"("timestamp":"2026-11-24T10:30:00.123456Z","username":"root",)"
          R"("src_port":40123,"truncated":true,"argv":["sh","-c"]})");
    check_round_trip(event);
}

TEST_CASE("any bytes in any place come back exactly") {
    auto event = make();
    std::string all;
    for (int i = 0; i < 256; ++i)
        all += static_cast<char>(i);
    event.text("password", all);
    event.text("input", "\xff");
    event.text("path", "");
    event.text("data", "caf\xc3\xa9 \xe2\x80\xae");
    event.set("argv", std::vector<std::string>{"a", "\xfe", "", std::string(1, '\0')});
    event.set("empty", std::vector<std::string>{});
    event.number("low", INT64_MIN).number("high", INT64_MAX);
    event.set("real", 0.1).set("off", false);
    check_round_trip(event);
    CHECK(to_json(event).find("\"input_b64\":\"/w==\"") != std::string::npos);
}

TEST_CASE("a value is set once, and the three names are no values") {
    auto event = make();
    event.text("username", "a").text("username", "b");
    event.text("id", "x").text("eventid", "x").text("timestamp", "x");
    CHECK(event.values().size() == 1);
    CHECK(event.text_of("username") == "b");
    CHECK(event.text_of("absent").empty());
    CHECK(event.number_of("username", 7) == 7);
}

TEST_CASE("values of foreign JSON are kept as they were") {
    const std::string json =
        R"({"id":"a","eventid":"x","timestamp":"2026-11-24T10:30:00.000000Z",)"
        R"("n":null,"o":{"a":[1,2]},"mixed":[1,"a"],"big":18446744073709551615})";
    const auto event = from_json(json);
    REQUIRE(event);
    CHECK(std::get<Raw>(*event->find("o")).json == R"({"a":[1,2]})");
    CHECK(to_json(*event) == json);
}

TEST_CASE("a _b64 member that does not belong to a text stays a value of its own") {
    const std::string start = R"({"id":"a","eventid":"x","timestamp":"2026-11-24T10:30:00Z",)";
    for (const auto* members :
         {R"("x_b64":"/w=="})", R"("x":1,"x_b64":"/w=="})", R"("x":"y","x_b64":"not base64"})",
          R"("x":"y","x_b64":7})", R"("x":["y"],"x_b64":["***"]})", R"("x":["y"],"x_b64":"/w=="})",
          R"("_b64":"/w=="})", R"("id_b64":"/w=="})"}) {
        const auto event = from_json(start + members);
        REQUIRE(event);
        CHECK(std::ranges::any_of(event->values(),
                                  [](const auto& entry) { return entry.first.ends_with("_b64"); }));
        check_round_trip(*event);
    }
}

TEST_CASE("lists and their exact form must be equally long") {
    const auto event = from_json(R"({"id":"a","eventid":"x","timestamp":"2026-11-24T10:30:00Z",)"
                                 R"("x":["a","b"],"x_b64":["/w=="]})");
    REQUIRE(event);
    CHECK(std::get<std::vector<std::string>>(*event->find("x")).size() == 2);
}

TEST_CASE("what is no event is malformed") {
    for (const auto* wrong :
         {"", "{", "[]", "1", "null", "{}", R"({"id":"a","eventid":"x"})",
          R"({"id":"","eventid":"x","timestamp":"2026-11-24T10:30:00Z"})",
          R"({"id":1,"eventid":"x","timestamp":"2026-11-24T10:30:00Z"})",
          R"({"id":"a","eventid":"x","timestamp":"never"})",
          R"({"id":"a","eventid":"x","timestamp":"2026-11-24T10:30:00Z"} )"
          "x",
          "{\"id\":\"\xff\",\"eventid\":\"x\",\"timestamp\":\"2026-11-24T10:30:00Z\"}"})
        CHECK_FALSE(from_json(wrong));
    CHECK_FALSE(from_json(std::string(100'000, '[')));
}

TEST_CASE("an event with thousands of members is refused before it costs time") {
    std::string json = R"({"id":"a","eventid":"x","timestamp":"2026-11-24T10:30:00Z")";
    for (int i = 0; i < 253; ++i)
        json += ",\"m" + std::to_string(i) + "\":1";
    CHECK(from_json(json + "}"));
    CHECK_FALSE(from_json(json + ",\"one more\":1}"));
}

TEST_CASE("event_text_bytes: texts are cut to the byte, at a character, and it is said") {
    auto event = make();
    event.text("input", std::string(100, 'x'));
    event.set("argv", std::vector<std::string>{std::string(60, 'a'), std::string(60, 'b'), "c"});
    auto same = event;
    limit_texts(same, 200);
    CHECK_FALSE(same.find("truncated") != nullptr);
    limit_texts(event, 99);
    CHECK(event.text_of("input").size() == 99);
    CHECK(std::get<bool>(*event.find("truncated")));
    CHECK(std::get<std::vector<std::string>>(*event.find("argv")).size() == 2);
    auto cut = make();
    cut.text("input", "a\xe2\x82\xac");
    limit_texts(cut, 3);
    CHECK(cut.text_of("input") == "a");
}

TEST_CASE("the schema is consistent: every field of an event is a field, names are words, once") {
    std::set<std::string_view> names;
    for (const auto& field : fields()) {
        CHECK(names.insert(field.name).second);
        CHECK(find_field(field.name) == &field);
        CHECK(field.sentence.ends_with('.'));
        CHECK_FALSE(field.name.ends_with("_b64"));
        CHECK(field.name != "crc");
    }
    std::set<std::string_view> kinds;
    for (const auto& type : types()) {
        INFO(type.eventid);
        CHECK(kinds.insert(type.eventid).second);
        CHECK(find_type(type.eventid) == &type);
        CHECK(type.sentence.ends_with('.'));
        for (auto left = type.fields; !left.empty();) {
            const auto space = std::min(left.find(' '), left.size());
            CHECK(find_field(left.substr(0, space)) != nullptr);
            left.remove_prefix(std::min(space + 1, left.size()));
        }
    }
    CHECK(find_field("no such") == nullptr);
    CHECK(find_type("no.such") == nullptr);
}
