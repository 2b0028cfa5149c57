// The server over a real socket: what a browser, and what a stranger, gets.
#include "base/crypto/password.hpp"
#include "base/ids.hpp"
#include "hub/api/openapi.hpp"
#include "hub/api/server.hpp"
#include "hub/testing.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>
#include <thread>

using namespace skep;
using namespace skep::hub;
using namespace skep::hub::testing;
namespace asio = boost::asio;
namespace json = boost::json;
using asio::ip::tcp;

namespace {

constexpr const char* password = "a secret";

struct Answer {
    unsigned status = 0;
    std::string head;
    std::string body;

    bool has(std::string_view text) const { return head.contains(text); }

    json::object object() const { return json::parse(body).get_object(); }
};

/// A browser's connection. Blocking, with a limit so that no test hangs.
class Client {
  public:
    explicit Client(const tcp::endpoint& server) : socket_{io_} {
        socket_.connect(server);
        const timeval limit{20, 0};
        ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }

    void send(std::string_view bytes) {
        asio::write(socket_, asio::buffer(bytes.data(), bytes.size()));
    }

    /// Bytes up to and with `end`; what was read so far if the connection ends first.
    std::string until(std::string_view end) {
        for (;;) {
            if (const auto at = unread_.find(end); at != std::string::npos)
                return take(at + end.size());
            if (!more()) return take(unread_.size());
        }
    }

    std::string exactly(std::size_t count) {
        while (unread_.size() < count && more()) {
        }
        return take(std::min(count, unread_.size()));
    }

    std::string rest() {
        while (more()) {
        }
        return take(unread_.size());
    }

    Answer answer(bool with_body = true) {
        Answer answer;
        answer.head = until("\r\n\r\n");
        if (answer.head.size() > 12)
            answer.status = static_cast<unsigned>(std::stoul(answer.head.substr(9, 3)));
        const auto at = answer.head.find("Content-Length: ");
        if (with_body && at != std::string::npos)
            answer.body = exactly(std::stoul(answer.head.substr(at + 16)));
        return answer;
    }

    Answer get(const std::string& target, const std::string& fields = {}) {
        send("GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + fields + "\r\n");
        return answer();
    }

    Answer
    post(const std::string& target, const std::string& body, const std::string& fields = {}) {
        send("POST " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + fields +
             "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
        return answer();
    }

  private:
    bool more() {
        std::array<char, 65536> block{};
        const auto count = ::recv(socket_.native_handle(), block.data(), block.size(), 0);
        if (count <= 0) return false;
        unread_.append(block.data(), static_cast<std::size_t>(count));
        return true;
    }

    std::string take(std::size_t count) {
        auto taken = unread_.substr(0, count);
        unread_.erase(0, count);
        return taken;
    }

    asio::io_context io_;
    tcp::socket socket_;
    std::string unread_;
};

struct Limits {
    AccountLimits accounts;
    api::ServerLimits server;
    std::int64_t requests_per_minute = 100'000;
    std::size_t live_events = 1000;
};

/// A hub without a journal: its loop runs on a thread of its own.
struct Hub {
    Scratch scratch;
    store::Store opened = open_store(scratch);
    store::Writer writer = must(store::Writer::make(must(opened.connect())));
    std::unique_ptr<QueryPool> pool = must(QueryPool::make(opened, {}));
    Accounts accounts;
    HubStatus status;
    LiveFeed feed;
    std::vector<Asset> assets{{"/index.html", "text/html", "<!doctype html>", false},
                              {"/assets/a.js", "text/javascript", "\x1f\x8b", true}};
    api::Service service;
    asio::io_context io;
    api::Server server;
    tcp::endpoint address;
    std::jthread loop;

    explicit Hub(const Limits& limits = {})
        : accounts{system_clock(), limits.accounts}, feed{limits.live_events, 1 << 20},
          service{parts(limits)}, server{service, feed, limits.server} {
        std::filesystem::create_directories(scratch.path("hub"));
        std::ofstream{scratch.path("hub/password")} << hash();
        tcp::acceptor bound{io, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
        address = bound.local_endpoint();
        server.listen(io, process::Descriptor{bound.release()});
        loop = std::jthread{[this] { io.run(); }};
    }

    ~Hub() {
        io.stop();
        loop.join();
        pool.reset();
    }

    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;

    static const std::string& hash() {
        static const std::string made = crypto::hash_password(password); // 0.1 s, once
        return made;
    }

    api::Parts parts(const Limits& limits) {
        return {.clock = system_clock(),
                .pool = *pool,
                .accounts = accounts,
                .status = status,
                .assets = assets,
                .state_directory = scratch.path(),
                .host_names = {"skep.example.org"},
                .sensor_name = "pot",
                .requests_per_minute = limits.requests_per_minute};
    }

    /// `Cookie: ...` of a new login, and its CSRF token.
    std::pair<std::string, std::string> login() {
        Client client{address};
        const auto answer = client.post("/api/v1/login", R"({"password":"a secret"})");
        REQUIRE(answer.status == 200);
        const auto at = answer.head.find("skep_session=");
        REQUIRE(at != std::string::npos);
        CHECK(answer.has("HttpOnly; SameSite=Strict"));
        return {"Cookie: " + answer.head.substr(at, 13 + 64) + "\r\n",
                std::string{answer.object().at("csrf").as_string()}};
    }

    /// Stores events and gives them to the feed, as the ingest does.
    void happen(const std::vector<event::Event>& events) {
        auto records = to_records(events);
        auto progress = writer.progress()["journal"];
        must(writer.add(records, "journal", progress));
        std::vector<LiveEvent> live;
        for (std::size_t i = 0; i < events.size(); ++i)
            live.push_back({records[i].seq, events[i].id(), event::to_json(events[i])});
        std::promise<void> published;
        asio::post(io, [&] {
            server.publish(std::move(live));
            published.set_value();
        });
        published.get_future().wait();
    }
};

event::Event command(const std::string& input) {
    event::Event event{"command.input", system_clock().now()};
    return event.text("session", "s").text("src_ip", "192.0.2.1").text("input", input);
}

/// The next event of a live feed: its id and its input. Comments are passed over.
std::pair<std::string, std::string> next_event(Client& client) {
    for (;;) {
        const auto text = client.until("\n\n");
        if (text.empty()) return {};
        if (!text.starts_with("id: ")) continue;
        const auto data = text.find("\ndata: ");
        REQUIRE(data != std::string::npos);
        const auto event = must(event::from_json(text.substr(data + 7, text.size() - data - 9)));
        CHECK(text.substr(4, data - 4) == event.id());
        return {event.id(), std::string{event.text_of("input")}};
    }
}

} // namespace

TEST_CASE("without a login there is nothing but the page and the login") {
    Hub hub;
    Client client{hub.address};
    for (const auto& route : api::route_names()) {
        std::string path{route.path};
        if (const auto at = path.find("{session}"); at != std::string::npos)
            path.replace(at, 9, "s1");
        if (const auto at = path.find("{sha256}"); at != std::string::npos)
            path.replace(at, 8, std::string(64, 'a'));
        const bool open =
            path == "/healthz" || path == "/api/v1/openapi.json" || path == "/api/v1/login";
        INFO(path);
        const auto answer = route.method == "GET" ? client.get(path) : client.post(path, "{}");
        CHECK(answer.status == (open ? (path == "/api/v1/login" ? 400 : 200) : 401));
        const auto forged = "Cookie: skep_session=" + std::string(64, 'a') + "\r\n";
        if (!open && route.method == "GET") CHECK(client.get(path, forged).status == 401);
    }
    CHECK(client.get("/").body == "<!doctype html>");
    CHECK(client.get("/assets/a.js").has("Content-Encoding: gzip"));
    CHECK(client.get("/assets/a.js").has("immutable"));
    CHECK(client.get("/assets/none.js").status == 404);
    CHECK(client.get("/../hub/password").status == 404);
    CHECK(client.get("/api/v1/none").status == 404);
}

TEST_CASE("every answer carries the headers that keep a browser safe") {
    Hub hub;
    Client client{hub.address};
    const auto [cookie, csrf] = hub.login();
    for (const auto& answer :
         {client.get("/"), client.get("/none"), client.get("/api/v1/me"),
          client.get("/api/v1/me", cookie), client.get("/api/v1/events?limit=x", cookie)}) {
        CHECK(answer.has(
            "Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"));
        CHECK_FALSE(answer.has("unsafe-inline"));
        CHECK(answer.has("X-Content-Type-Options: nosniff\r\n"));
        CHECK(answer.has("Referrer-Policy: no-referrer\r\n"));
        CHECK(answer.has("Cross-Origin-Opener-Policy: same-origin\r\n"));
        CHECK(answer.has("Cross-Origin-Resource-Policy: same-origin\r\n"));
        CHECK(answer.has("frame-ancestors 'none'"));
    }
    CHECK(client.get("/api/v1/me", cookie).has("Cache-Control: no-store\r\n"));
}

TEST_CASE("login, me, logout") {
    Hub hub;
    Client client{hub.address};
    CHECK(client.post("/api/v1/login", R"({"password":"wrong"})").status == 401);
    for (const auto* body : {"", "x", "[]", R"({"password":1})", R"({"pass":"a secret"})"})
        CHECK(client.post("/api/v1/login", body).status == 400);
    CHECK(
        client.post("/api/v1/login", R"({"password":")" + std::string(2000, 'a') + "\"}").status ==
        400);
    const auto [cookie, csrf] = hub.login();
    const auto me = client.get("/api/v1/me", cookie);
    CHECK(me.status == 200);
    CHECK(me.object().at("csrf").as_string() == csrf);
    CHECK(me.object().at("sensor").as_string() == "pot");
    CHECK(client.post("/api/v1/logout", "", cookie).status == 403);
    CHECK(
        client.post("/api/v1/logout", "", cookie + "X-CSRF-Token: " + std::string(64, '0') + "\r\n")
            .status == 403);
    CHECK(client
              .post("/api/v1/logout", "",
                    cookie + "X-CSRF-Token: " + csrf + "\r\nOrigin: http://evil.example\r\n")
              .status == 403);
    CHECK(client.get("/api/v1/me", cookie).status == 200);
    CHECK(client.post("/api/v1/logout", "", cookie + "X-CSRF-Token: " + csrf + "\r\n").status ==
          200);
    CHECK(client.get("/api/v1/me", cookie).status == 401);
    CHECK(
        client
            .post("/api/v1/login", R"({"password":"a secret"})", "Origin: http://evil.example\r\n")
            .status == 403);
    std::filesystem::remove(hub.scratch.path("hub/password"));
    CHECK(client.post("/api/v1/login", R"({"password":"a secret"})").status == 503);
}

TEST_CASE("a login that is tried too often is told to wait") {
    Limits limits;
    limits.accounts.logins_per_minute = 2;
    Hub hub{limits};
    Client client{hub.address};
    for (int i = 0; i < 2; ++i)
        CHECK(client.post("/api/v1/login", R"({"password":"wrong"})").status == 401);
    const auto refused = client.post("/api/v1/login", R"({"password":"a secret"})");
    CHECK(refused.status == 429);
    CHECK(refused.has("Retry-After: "));
}

TEST_CASE("limits.hub_requests_per_minute") {
    Limits limits;
    limits.requests_per_minute = 10;
    Hub hub{limits};
    Client client{hub.address};
    for (int i = 0; i < 10; ++i)
        CHECK(client.get("/healthz").status == 200);
    const auto refused = client.get("/healthz");
    CHECK(refused.status == 429);
    CHECK(refused.has("Retry-After: "));
}

TEST_CASE("a host name that is not ours is refused") {
    Hub hub;
    Client client{hub.address};
    client.send("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    CHECK(client.answer().status == 421);
    client.send("GET /healthz HTTP/1.1\r\n\r\n");
    CHECK(client.answer().status == 421);
    client.send("GET /healthz HTTP/1.1\r\nHost: skep.example.org:8080\r\n\r\n");
    CHECK(client.answer().status == 200);
}

TEST_CASE("what is no HTTP, or too much of it, ends the connection and nothing else") {
    Limits limits;
    limits.server.header_bytes = 2000;
    limits.server.request_bytes = 3000;
    Hub hub{limits};
    const auto status_of = [&](const std::string& bytes) {
        Client client{hub.address};
        client.send(bytes);
        return client.answer().status;
    };
    CHECK(status_of("rubbish\r\n\r\n") == 400);
    CHECK(status_of(std::string(100, '\0') + "\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/9.9\r\n\r\n") == 400);
    CHECK(status_of("GET /?a=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n") == 400);
    CHECK(status_of("GET http://x/ HTTP/1.1\r\nHost: localhost\r\n\r\n") == 400);
    CHECK(status_of("PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n") == 405);
    CHECK(status_of("POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n") ==
          405);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: localhost\r\nA: " + std::string(3000, 'a') +
                    "\r\n\r\n") == 431);
    CHECK(status_of(
              "POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3001\r\n\r\n") ==
          413);
    CHECK(
        status_of("POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n") ==
        400);
    CHECK(status_of("POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                    "1\r\nTransfer-Encoding: chunked\r\n\r\n0") == 400);
    {
        Client half{hub.address};
        half.send("GET / HT");
    }
    Client good{hub.address};
    CHECK(good.get("/healthz").status == 200);
    good.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto head = good.answer(false);
    CHECK(head.has("Content-Length: 15\r\n"));
    CHECK(good.get("/healthz").body == R"({"ok":true})");
}

TEST_CASE("limits.hub_connections: one more waits, and is served when another ends") {
    Limits limits;
    limits.server.connections = 2;
    Hub hub{limits};
    auto first = std::make_unique<Client>(hub.address);
    CHECK(first->get("/healthz").status == 200);
    Client second{hub.address};
    CHECK(second.get("/healthz").status == 200);
    Client third{hub.address};
    third.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    first.reset();
    CHECK(third.answer().status == 200);
}

TEST_CASE("limits.hub_idle_seconds: a connection that sends nothing is closed") {
    Limits limits;
    limits.server.idle = std::chrono::seconds{1};
    Hub hub{limits};
    Client client{hub.address};
    client.send("GET / HTTP/1.1\r\n");
    CHECK(client.rest().empty());
}

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

TEST_CASE("openapi.json describes exactly the routes") {
    const auto document = json::parse(api::openapi_text()).get_object();
    std::vector<std::string> described;
    for (const auto& path : document.at("paths").as_object())
        for (const auto& method : path.value().as_object()) {
            std::string name{method.key()};
            std::ranges::transform(name, name.begin(),
                                   [](char c) { return static_cast<char>(c & ~0x20); });
            described.push_back(name + " " + std::string{path.key()});
        }
    std::vector<std::string> served;
    for (const auto& route : api::route_names())
        served.push_back(std::string{route.method} + " " + std::string{route.path});
    std::ranges::sort(described);
    std::ranges::sort(served);
    CHECK(described == served);
}

TEST_CASE("answers have the members that openapi.json requires") {
    Hub hub;
    const auto [cookie, csrf] = hub.login();
    auto connect = event::Event{"session.connect", system_clock().now()};
    connect.text("session", "s").text("src_ip", "192.0.2.1");
    auto file = event::Event{"file.captured", system_clock().now()};
    file.text("session", "s")
        .text("src_ip", "192.0.2.1")
        .text("shasum", std::string(64, 'a'))
        .number("size", 3);
    auto version = event::Event{"client.version", system_clock().now()};
    version.text("session", "s").text("version", "v");
    auto login = event::Event{"login.failed", system_clock().now()};
    login.text("session", "s").text("username", "u").text("password", "p");
    hub.happen({connect, file, version, login, command("x")});
    const auto document = json::parse(api::openapi_text()).get_object();
    const auto& schemas = document.at("components").at("schemas").as_object();
    const std::function<void(const json::object&, const json::value&)> check =
        [&](const json::object& schema, const json::value& value) {
            if (schema.contains("$ref"))
                return check(schemas.at(schema.at("$ref").as_string().subview(21)).as_object(),
                             value);
            if (const auto* required = schema.if_contains("required"))
                for (const auto& name : required->as_array()) {
                    INFO(json::serialize(name) << " in " << json::serialize(value));
                    REQUIRE(value.as_object().contains(name.as_string()));
                }
            if (const auto* properties = schema.if_contains("properties"))
                for (const auto& property : properties->as_object())
                    if (const auto* inner = value.as_object().if_contains(property.key());
                        inner != nullptr && !inner->is_null())
                        check(property.value().as_object(), *inner);
            if (const auto* items = schema.if_contains("items"))
                for (const auto& item : value.as_array())
                    check(items->as_object(), item);
        };
    Client client{hub.address};
    for (const auto& path : document.at("paths").as_object()) {
        std::string target{path.key()};
        if (const auto at = target.find("{session}"); at != std::string::npos)
            target.replace(at, 9, "s");
        if (const auto at = target.find("{sha256}"); at != std::string::npos)
            target.replace(at, 8, std::string(64, 'a'));
        const auto* get = path.value().as_object().if_contains("get");
        if (get == nullptr || target.ends_with("live")) continue;
        const auto& content = get->at("responses").at("200").at("content").as_object();
        if (!content.contains("application/json")) continue;
        INFO(target);
        const auto answer = client.get(target, cookie);
        REQUIRE(answer.status == 200);
        check(content.at("application/json").at("schema").as_object(), json::parse(answer.body));
        if (const auto value = answer.object(); value.contains("items"))
            CHECK_FALSE(value.at("items").as_array().empty());
    }
}
