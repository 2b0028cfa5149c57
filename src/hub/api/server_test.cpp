// What a browser, and what a stranger, gets: logins, guards, limits.
#include "hub/api/server_testing.hpp"

using namespace skep;
using namespace skep::hub;
using namespace skep::hub::testing;

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
