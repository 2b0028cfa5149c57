// A hub that serves over a real socket, and a client of it. For the tests of the server.
#pragma once

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

namespace skep::hub::testing {

namespace asio = boost::asio;
namespace json = boost::json;
using asio::ip::tcp;

inline constexpr const char* password = "a secret";

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

inline event::Event command(const std::string& input) {
    event::Event event{"command.input", system_clock().now()};
    return event.text("session", "s").text("src_ip", "192.0.2.1").text("input", input);
}

/// The next event of a live feed: its id and its input. Comments are passed over.
inline std::pair<std::string, std::string> next_event(Client& client) {
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

} // namespace skep::hub::testing
