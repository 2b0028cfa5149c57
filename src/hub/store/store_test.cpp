#include "base/ids.hpp"
#include "hub/store/repair.hpp"
#include "hub/store/schema.hpp"
#include "hub/store/store.hpp"
#include "hub/testing.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace skep;
using namespace skep::hub::store;
using namespace skep::hub::testing;

namespace {

constexpr Micros start = 1'764'000'000'000'000;

event::Event login(Micros time, std::string_view user, std::string_view password) {
    event::Event event{"login.failed", time};
    event.text("session", "s1").text("src_ip", "192.0.2.7").text("protocol", "telnet");
    event.text("username", user).text("password", password);
    return event;
}

std::vector<std::string> all_json(const Store& opened) {
    auto connection = must(opened.connect());
    std::vector<std::string> lines;
    for (const auto& row :
         must(connection.query("SELECT " + event_columns() + " FROM events ORDER BY seq")))
        lines.push_back(to_json(row));
    return lines;
}

std::int64_t count(const Store& opened) {
    auto connection = must(opened.connect());
    return number(must(connection.query("SELECT count(*) FROM events"))[0][0]);
}

/// Values of both, whatever their order.
bool same(const event::Event& a, const event::Event& b) {
    return a.id() == b.id() && a.eventid() == b.eventid() && a.time() == b.time() &&
           a.values().size() == b.values().size() &&
           std::ranges::all_of(a.values(), [&](const auto& entry) {
               const auto* other = b.find(entry.first);
               return other != nullptr && *other == entry.second;
           });
}

} // namespace

TEST_CASE("every column of the store is a text or number of the event schema") {
    std::vector<std::string_view> seen;
    for (const auto& column : columns()) {
        INFO(column.name);
        const auto* field = event::find_field(column.name);
        REQUIRE(field != nullptr);
        CHECK(field->kind == column.kind);
        CHECK((column.kind == event::Kind::text || column.kind == event::Kind::number));
        CHECK(std::ranges::find(seen, column.name) == seen.end());
        seen.push_back(column.name);
    }
    // What the store keeps by itself must not be a column a second time.
    for (const auto* own : {"id", "eventid", "timestamp", "seq", "ts", "extra"})
        CHECK(std::ranges::find(seen, own) == seen.end());
}

TEST_CASE("an event of each type of the schema comes back as it went in") {
    const Scratch scratch;
    const auto opened = open_store(scratch);
    auto writer = must(Writer::make(must(opened.connect())));
    std::vector<event::Event> events;
    for (const auto& type : event::types()) {
        event::Event event{type.eventid, start + static_cast<Micros>(events.size())};
        for (const auto& field : event::fields()) {
            switch (field.kind) {
            case event::Kind::text:
                event.text(field.name, std::string{"text of "} + field.name.data());
                break;
            case event::Kind::number: event.number(field.name, -42); break;
            case event::Kind::flag: event.set(field.name, true); break;
            case event::Kind::list:
                event.set(field.name, std::vector<std::string>{"a", "\xff", ""});
                break;
            case event::Kind::time: break;
            }
        }
        events.push_back(std::move(event));
    }
    CHECK(put(writer, events) == events.size());
    const auto lines = all_json(opened);
    REQUIRE(lines.size() == events.size());
    for (std::size_t i = 0; i < lines.size(); ++i)
        CHECK(same(must(event::from_json(lines[i])), events[i]));
}

TEST_CASE("hostile bytes come back exactly") {
    const Scratch scratch;
    const auto opened = open_store(scratch);
    auto writer = must(Writer::make(must(opened.connect())));
    const std::vector<std::string> hostile{
        std::string{"a\0b\0", 4},
        std::string(1, '\0'),
        "",
        "\xff\xfe\x80",
        "cut \xf0\x9f\x98",
        "<script>alert(1)</script>",
        "'; DROP TABLE events; --",
        "\xe2\x80\xae right to left",
        "\x1b]0;title\x07\x1b[2J",
        "\xef\xbf\xbd real replacement",
        std::string(1 << 20, 'A'),
        std::string(1 << 20, '\xff'),
        "\"\\\n\r\t",
    };
    std::vector<event::Event> events;
    for (const auto& bytes : hostile) {
        event::Event event{"command.input", start + static_cast<Micros>(events.size())};
        event.text("input", bytes).text("message", bytes).text("odd name \"\\", bytes);
        event.set("src_port", std::string{"not a number"}).set("username", std::int64_t{7});
        event.set("path", std::vector<std::string>{bytes, "x"});
        events.push_back(std::move(event));
    }
    CHECK(put(writer, events) == events.size());
    const auto lines = all_json(opened);
    REQUIRE(lines.size() == events.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        INFO(i);
        CHECK(same(must(event::from_json(lines[i])), events[i]));
    }
}

TEST_CASE("an event that comes again is stored once") {
    const Scratch scratch;
    const auto opened = open_store(scratch);
    auto writer = must(Writer::make(must(opened.connect())));
    const auto a = login(start, "root", "1");
    const auto b = login(start + 1, "root", "2");
    const auto older = login(start - 5'000'000, "root", "0");
    CHECK(put(writer, {a, b, a}) == 2);
    CHECK(put(writer, {b, a}) == 0);
    CHECK(put(writer, {older, a}) == 1);
    SECTION("also for a writer that was started later") {
        auto later = must(Writer::make(must(opened.connect())));
        CHECK(put(later, {a, older, b, login(start + 2, "x", "y")}) == 1);
        CHECK(later.last_seq() == 4);
        CHECK(count(opened) == 4);
    }
    CHECK(writer.progress()["journal"].lines == (count(opened) == 4 ? 11 : 7));
}

TEST_CASE("an event that comes again is known also when many came since") {
    const Scratch scratch;
    const auto opened = open_store(scratch);
    auto writer = must(Writer::make(must(opened.connect())));
    std::vector<event::Event> many;
    for (int i = 0; i < 17'000; ++i)
        many.push_back(login(start + i, "root", "x"));
    CHECK(put(writer, many) == many.size());
    const auto between = login(start + 1, "root", "y");
    CHECK(put(writer, {many.front(), between, many.back(), between}) == 1);
    CHECK(count(opened) == static_cast<std::int64_t>(many.size()) + 1);
}

TEST_CASE("progress is stored with its rows") {
    const Scratch scratch;
    {
        const auto opened = open_store(scratch);
        auto writer = must(Writer::make(must(opened.connect())));
        auto records = to_records({login(start, "a", "b")});
        Progress progress{.segment = "20261124T103000Z-000001.jsonl", .position = 300};
        CHECK(must(writer.add(records, "journal", progress)) == 1);
        Progress imported{.segment = "imported-1.jsonl", .position = 10, .complete = true};
        CHECK(must(writer.add({}, "imported-1.jsonl", imported)) == 0);
    }
    const auto opened = open_store(scratch);
    CHECK_FALSE(opened.rebuilt());
    auto writer = must(Writer::make(must(opened.connect())));
    const auto parts = writer.progress();
    REQUIRE(parts.size() == 2);
    CHECK(parts.at("journal") ==
          Progress{
              .segment = "20261124T103000Z-000001.jsonl", .position = 300, .lines = 1, .added = 1});
    CHECK(parts.at("imported-1.jsonl").complete);
}

namespace {

/// Makes a store in a process that ends without closing it, so that its log stays.
void write_and_die(const Scratch& scratch, int batches) {
    const auto child = ::fork();
    if (child == 0) {
        const auto opened = open_store(scratch);
        auto writer = must(Writer::make(must(opened.connect())));
        for (int i = 0; i < batches; ++i)
            put(writer, {login(start + i, "root", std::to_string(i))});
        ::kill(::getpid(), SIGKILL);
    }
    REQUIRE(child > 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
}

void append_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream file{path, std::ios::app | std::ios::binary};
    file << bytes;
}

} // namespace

TEST_CASE("a log with a torn end opens with what is whole") {
    const Scratch scratch;
    write_and_die(scratch, 20);
    const auto log = scratch.path("store.duckdb.wal");
    std::vector<std::string> said;
    SECTION("nothing happened to it") {
        const auto opened = open_store(scratch, &said);
        CHECK(count(opened) == 20);
        CHECK(said.empty());
    }
    SECTION("zeros behind the end") {
        append_bytes(log, std::string(500, '\0'));
        const auto opened = open_store(scratch, &said);
        CHECK_FALSE(opened.rebuilt());
        CHECK(count(opened) == 20);
        CHECK(said.size() == 1);
    }
    SECTION("the last bytes were not written") {
        std::error_code error;
        std::filesystem::resize_file(log, std::filesystem::file_size(log) - 40, error);
        append_bytes(log, std::string(40, '\0'));
        const auto opened = open_store(scratch, &said);
        CHECK_FALSE(opened.rebuilt());
        auto writer = must(Writer::make(must(opened.connect())));
        // The cursor went back with the lost batch, so its event comes again.
        CHECK(writer.progress()["journal"].lines == count(opened));
        CHECK(count(opened) == 19);
    }
}

TEST_CASE("a store that cannot be used is moved aside and made anew") {
    const Scratch scratch;
    write_and_die(scratch, 3);
    const auto file = scratch.path("store.duckdb");
    std::vector<std::string> said;
    SECTION("rubbish in its head") {
        std::fstream damage{file, std::ios::in | std::ios::out | std::ios::binary};
        damage << std::string(8192, 'x');
    }
    SECTION("an older version") {
        const auto opened = open_store(scratch);
        auto connection = must(opened.connect());
        must(connection.run("UPDATE about SET value = 0"));
    }
    SECTION("not even a file") {
        std::filesystem::remove(file);
        std::filesystem::create_directory(file);
    }
    SECTION("damage that was found while it ran") {
        Store::condemn(scratch.path());
    }
    {
        const auto opened = open_store(scratch, &said);
        CHECK(opened.rebuilt());
        CHECK(count(opened) == 0);
        CHECK(said.size() >= 1);
        CHECK(std::filesystem::exists(file + ".broken"));
    }
    CHECK_FALSE(open_store(scratch).rebuilt());
}

TEST_CASE("a store that another process has open is left alone") {
    const Scratch scratch;
    std::array<int, 2> ready{};
    std::array<int, 2> done{};
    REQUIRE(::pipe(ready.data()) == 0);
    REQUIRE(::pipe(done.data()) == 0);
    const auto child = ::fork();
    if (child == 0) {
        const auto opened = open_store(scratch);
        char byte = 'x';
        [[maybe_unused]] auto wrote = ::write(ready[1], &byte, 1);
        [[maybe_unused]] auto got = ::read(done[0], &byte, 1);
        ::_exit(0);
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    const auto opened = Store::open({.directory = scratch.path()}, [](std::string_view) {});
    REQUIRE_FALSE(opened.has_value());
    CHECK(is_locked(opened.error().detail()));
    CHECK_FALSE(std::filesystem::exists(scratch.path("store.duckdb.broken")));
    REQUIRE(::write(done[1], &byte, 1) == 1);
    ::waitpid(child, nullptr, 0);
    for (const int end : {ready[0], ready[1], done[0], done[1]})
        ::close(end);
}

TEST_CASE("a running query can be interrupted, and the store reads no other file") {
    const Scratch scratch;
    const auto opened = open_store(scratch);
    auto connection = must(opened.connect());
    std::ofstream{scratch.path("other.csv")} << "a,b\n1,2\n";
    const auto other = connection.query("SELECT * FROM '" + scratch.path("other.csv") + "'");
    CHECK_FALSE(other.has_value());
    CHECK_FALSE(connection.run("SET enable_external_access = true").has_value());
    CHECK_FALSE(connection.run("INSTALL httpfs").has_value());
    auto stopper = std::jthread{[&] {
        for (int i = 0; i < 50; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
            connection.interrupt();
        }
    }};
    const auto slow = connection.query("SELECT count(*) FROM range(100000000) a, range(100000) b");
    REQUIRE_FALSE(slow.has_value());
    CHECK(slow.error().kind() == Fault::timed_out);
}
