// What the server hands out: hostile strings, files, the live feed.
#include "hub/api/server_testing.hpp"

using namespace skep;
using namespace skep::hub;
using namespace skep::hub::testing;

TEST_CASE("hostile strings come out of the API as they happened") {
    Hub hub;
    const auto [cookie, csrf] = hub.login();
    const std::vector<std::string> hostile{"<script>alert(1)</script>", std::string{"a\0b", 3},
                                           "\xff\xfe", "\xe2\x80\xaeltr",
                                           std::string(1 << 20, 'A') + "\xff"};
    for (const auto& input : hostile)
        hub.happen({command(input)});
    Client client{hub.address};
    const auto answer = client.get("/api/v1/events?limit=10", cookie);
    CHECK(answer.has("Content-Type: application/json\r\n"));
    std::vector<std::string> found;
    for (const auto& item : answer.object().at("items").as_array())
        found.emplace_back(must(event::from_json(json::serialize(item))).text_of("input"));
    std::ranges::reverse(found);
    CHECK((found == hostile));
    CHECK(client.get("/api/v1/commands?limit=10", cookie).object().at("total").as_int64() == 5);
}

TEST_CASE("recordings and artifacts are handed out as files, and no path leads elsewhere") {
    Hub hub;
    const auto [cookie, csrf] = hub.login();
    const auto time = system_clock().now();
    const auto session = session_id(time);
    const auto day = hub.scratch.path("recordings/" + iso8601(time).substr(0, 10));
    std::filesystem::create_directories(day);
    std::ofstream{day + "/" + session + ".cast"}
        << "{\"version\":2}\n[0.1,\"o\",\"x\"]\n[0.2,\"o\",\"unfini";
    const std::string shasum(64, 'a');
    std::filesystem::create_directories(hub.scratch.path("vault/aa"));
    const std::string content = std::string(200'000, '\0') + "<script>";
    std::ofstream{hub.scratch.path("vault/aa/" + shasum), std::ios::binary} << content;
    Client client{hub.address};
    const auto recording = client.get("/api/v1/sessions/" + session + "/recording", cookie);
    CHECK(recording.status == 200);
    CHECK(recording.has("Content-Type: application/x-asciicast\r\n"));
    CHECK(recording.body == "{\"version\":2}\n[0.1,\"o\",\"x\"]\n");
    const auto artifact = client.get("/api/v1/artifacts/" + shasum + "/content", cookie);
    CHECK(artifact.status == 200);
    CHECK(artifact.has("Content-Type: application/octet-stream\r\n"));
    CHECK(artifact.has("Content-Disposition: attachment; filename=\"" + shasum + ".bin\"\r\n"));
    CHECK((artifact.body == content));
    std::filesystem::create_symlink(hub.scratch.path("hub/password"),
                                    hub.scratch.path("vault/aa/" + std::string(63, 'a') + "b"));
    for (const auto& path : {"/api/v1/artifacts/" + std::string(63, 'a') + "b/content",
                             std::string{"/api/v1/artifacts/../content"},
                             "/api/v1/artifacts/" + std::string(64, 'b') + "/content",
                             std::string{"/api/v1/sessions/../recording"},
                             std::string{"/api/v1/sessions/%2e%2e/recording"},
                             "/api/v1/sessions/" + session_id(time) + "/recording"})
        CHECK(client.get(path, cookie).status == 404);
}

TEST_CASE("the live feed gives events as they come, and goes on behind the last one seen") {
    Hub hub;
    const auto [cookie, csrf] = hub.login();
    hub.happen({command("before")});
    Client client{hub.address};
    client.send("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n" + cookie + "\r\n");
    const auto head = client.answer(false);
    CHECK(head.status == 200);
    CHECK(head.has("Content-Type: text/event-stream\r\n"));
    // The feed runs once its head has come; what happens now is in it.
    hub.happen({command("one"), command("<two>\n\xff")});
    std::string last;
    CHECK(next_event(client).second == "one");
    const auto second = next_event(client);
    CHECK(second.second == "<two>\n\xff");
    hub.happen({command("three"), command("four")});
    for (const bool by_header : {true, false}) {
        Client back{hub.address};
        back.send("GET /api/v1/live" + (by_header ? std::string{} : "?after=" + second.first) +
                  " HTTP/1.1\r\nHost: localhost\r\n" + cookie +
                  (by_header ? "Last-Event-ID: " + second.first + "\r\n" : std::string{}) + "\r\n");
        CHECK(back.answer(false).status == 200);
        CHECK(next_event(back).second == "three");
        CHECK(next_event(back).second == "four");
    }
}

TEST_CASE("a live feed that comes back after a long time reads what it missed from the store") {
    Limits limits;
    limits.live_events = 10;
    Hub hub{limits};
    const auto [cookie, csrf] = hub.login();
    std::vector<event::Event> events;
    for (int i = 0; i < 1300; ++i)
        events.push_back(command("c" + std::to_string(i)));
    hub.happen(events);
    Client client{hub.address};
    client.send("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n" + cookie +
                "Last-Event-ID: " + events[99].id() + "\r\n\r\n");
    CHECK(client.answer(false).status == 200);
    for (std::size_t i = 100; i < events.size(); ++i) {
        const auto [id, input] = next_event(client);
        if (input != "c" + std::to_string(i)) FAIL("expected c" << i << ", got " << input);
    }
    hub.happen({command("now")});
    CHECK(next_event(client).second == "now");
}

TEST_CASE("a client of the live feed that is too slow is dropped") {
    Limits limits;
    limits.live_events = 5;
    limits.server.idle = std::chrono::seconds{2};
    Hub hub{limits};
    const auto [cookie, csrf] = hub.login();
    Client client{hub.address};
    client.send("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n" + cookie + "\r\n");
    CHECK(client.answer(false).status == 200);
    std::vector<event::Event> burst;
    for (int i = 0; i < 20; ++i)
        burst.push_back(command("x"));
    hub.happen(burst);
    CHECK(next_event(client).first.empty()); // 15 were gone before it could have them
}

TEST_CASE("limits.hub_live_clients") {
    Limits limits;
    limits.server.live_clients = 1;
    Hub hub{limits};
    const auto [cookie, csrf] = hub.login();
    Client one{hub.address};
    one.send("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n" + cookie + "\r\n");
    CHECK(one.answer(false).status == 200);
    hub.happen({command("x")});
    CHECK(next_event(one).second == "x");
    Client two{hub.address};
    two.send("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n" + cookie + "\r\n");
    CHECK(two.answer().status == 503);
}

TEST_CASE("a live feed has a heartbeat, and ends with its login") {
    Limits limits;
    limits.server.heartbeat = std::chrono::milliseconds{20};
    Hub hub{limits};
    const auto [cookie, csrf] = hub.login();
    Client client{hub.address};
    client.send("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n" + cookie + "\r\n");
    CHECK(client.answer(false).status == 200);
    CHECK(client.until("\n\n") == ":\n\n");
    Client other{hub.address};
    CHECK(other.post("/api/v1/logout", "", cookie + "X-CSRF-Token: " + csrf + "\r\n").status ==
          200);
    const auto rest = client.rest();
    CHECK(rest.find("data:") == std::string::npos);
}
