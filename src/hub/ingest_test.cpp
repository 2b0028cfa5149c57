#include "base/ids.hpp"
#include "event/journal_line.hpp"
#include "hub/import/segment_writer.hpp"
#include "hub/ingest.hpp"
#include "hub/store/schema.hpp"
#include "hub/testing.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <set>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace skep;
using namespace skep::hub;
using namespace skep::hub::testing;

namespace {

constexpr Micros start = 1'764'000'000'000'000;
constexpr const char* segment = "20251124T160000Z-000001.jsonl";

/// A deployment's directories.
struct Place {
    Scratch scratch;
    std::string journal = scratch.path("journal");
    std::string hub = scratch.path("hub");

    Place() {
        std::filesystem::create_directories(journal);
        std::filesystem::create_directories(hub);
    }

    store::Store open() const {
        return must(store::Store::open({.directory = hub}, [](std::string_view) {}));
    }

    Ingest ingest(const store::Store& opened) const {
        return {must(store::Writer::make(must(opened.connect()))), journal, hub};
    }

    void write(const std::vector<event::Event>& events, const std::string& name = segment) const {
        std::ofstream file{journal + "/" + name, std::ios::app | std::ios::binary};
        for (const auto& event : events)
            file << event::frame_line(event::to_json(event));
    }
};

event::Event command(Micros time, const std::string& input) {
    event::Event event{"command.input", time};
    event.text("session", "s").text("src_ip", "192.0.2.1").text("input", input);
    return event;
}

std::vector<event::Event> commands(int count, Micros first = start) {
    std::vector<event::Event> events;
    for (int i = 0; i < count; ++i)
        events.push_back(command(first + i * 1000, "c" + std::to_string(i)));
    return events;
}

std::size_t drain(Ingest& ingest) {
    std::size_t added = 0;
    do
        added += must(ingest.step()).added;
    while (!ingest.caught_up());
    return added;
}

/// This program again, with its hidden test; `words` is its environment.
pid_t start_child(std::string words) {
    std::string name = "skep_tests";
    std::string test = "the child of the next test ingests until it is killed";
    const std::array<char*, 3> arguments{name.data(), test.data(), nullptr};
    const std::array<char*, 2> environment{words.data(), nullptr};
    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    pid_t child = -1;
    if (::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments.data(),
                      environment.data()) != 0)
        child = -1;
    ::posix_spawn_file_actions_destroy(&actions);
    return child;
}

std::multiset<std::string> ids(const store::Store& opened) {
    auto connection = must(opened.connect());
    std::multiset<std::string> found;
    for (const auto& row : must(connection.query("SELECT id FROM events")))
        found.emplace(store::text(row[0]));
    return found;
}

} // namespace

TEST_CASE("the journal is followed as it grows, and its cursor survives") {
    const Place place;
    const auto events = commands(30);
    {
        const auto opened = place.open();
        auto ingest = place.ingest(opened);
        CHECK(must(ingest.step()).lines == 0);
        CHECK(ingest.caught_up());
        place.write({events.begin(), events.begin() + 10});
        CHECK(ingest.anything_new());
        CHECK(drain(ingest) == 10);
        place.write({events.begin() + 10, events.begin() + 20});
        CHECK(drain(ingest) == 10);
    }
    place.write({events.begin() + 20, events.end()}, "20251124T170000Z-000002.jsonl");
    const auto opened = place.open();
    auto ingest = place.ingest(opened);
    CHECK(drain(ingest) == 10);
    CHECK(ids(opened).size() == 30);
    CHECK(ingest.progress().at(journal_part).lines == 30);
}

TEST_CASE("what comes twice in the journal is stored once, and a bad line is counted") {
    const Place place;
    const auto events = commands(5);
    place.write(events);
    std::ofstream{place.journal + "/" + segment, std::ios::app} << "{\"id\":\"rubbish\"}\n";
    place.write(events);
    const auto opened = place.open();
    auto ingest = place.ingest(opened);
    std::vector<std::string> said;
    ingest.on_bad = [&](std::string_view why) { said.emplace_back(why); };
    CHECK(drain(ingest) == 5);
    CHECK(ingest.bad_lines() == 1);
    CHECK(said.size() == 1);
}

TEST_CASE("a lost store is made again from the journal, imports included") {
    const Place place;
    place.write(commands(20));
    {
        auto writer = must(SegmentWriter::open(place.journal));
        for (const auto& event : commands(7, start - 1'000'000'000))
            must(writer.add(event));
        CHECK(is_imported_name(must(writer.finish())));
    }
    std::multiset<std::string> before;
    {
        const auto opened = place.open();
        auto ingest = place.ingest(opened);
        CHECK(drain(ingest) == 27);
        before = ids(opened);
    }
    std::filesystem::remove(place.hub + "/store.duckdb");
    const auto opened = place.open();
    auto ingest = place.ingest(opened);
    CHECK(drain(ingest) == 27);
    CHECK(ids(opened) == before);
}

TEST_CASE("only news go to the live feed") {
    const Place place;
    const auto now = system_clock().now();
    place.write({command(now - 7'200'000'000, "old"), command(now, "new")});
    {
        auto writer = must(SegmentWriter::open(place.journal));
        must(writer.add(command(now, "imported")));
        must(writer.finish());
    }
    const auto opened = place.open();
    auto ingest = place.ingest(opened);
    std::vector<LiveEvent> live;
    do {
        auto step = must(ingest.step());
        live.insert(live.end(), step.live.begin(), step.live.end());
    } while (!ingest.caught_up());
    REQUIRE(live.size() == 1);
    CHECK(must(event::from_json(live[0].json)).text_of("input") == "new");
    CHECK(live[0].seq == 2);
}

/// What the next test kills: a process of its own, because DuckDB's threads do not live through
/// fork. Its arguments are in the environment: journal, directory of the hub, descriptor for one
/// byte a batch.
TEST_CASE("the child of the next test ingests until it is killed", "[.child]") {
    const char* const words = std::getenv("SKEP_TEST_INGEST");
    if (words == nullptr) return;
    Place place;
    int line = -1;
    std::istringstream{words} >> place.journal >> place.hub >> line;
    const auto opened = place.open();
    auto ingest = place.ingest(opened);
    do {
        must(ingest.step());
        const char byte = ingest.caught_up() ? 'd' : 'b';
        REQUIRE(::write(line, &byte, 1) == 1);
    } while (!ingest.caught_up());
}

TEST_CASE("SIGKILL while it ingests loses nothing and doubles nothing") {
    const Place place;
    constexpr int total = 30'000;
    place.write(commands(total));
    int rounds = 0;
    for (bool done = false; !done && rounds < 40; ++rounds) {
        std::array<int, 2> line{};
        REQUIRE(::pipe(line.data()) == 0);
        const auto words =
            "SKEP_TEST_INGEST=" + place.journal + ' ' + place.hub + ' ' + std::to_string(line[1]);
        const auto child = start_child(words);
        REQUIRE(child > 0);
        ::close(line[1]);
        // After the first batch of this round is stored, and some way into the next.
        char byte = 0;
        REQUIRE(::read(line[0], &byte, 1) == 1);
        ::usleep(static_cast<useconds_t>(rounds % 7) * 3000);
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        done = byte == 'd' || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
        ::close(line[0]);
    }
    CHECK(rounds > 2);
    const auto opened = place.open();
    auto ingest = place.ingest(opened);
    drain(ingest);
    const auto stored = ids(opened);
    CHECK(stored.size() == total);
    CHECK(std::set<std::string>{stored.begin(), stored.end()}.size() == total);
    CHECK(ingest.progress().at(journal_part).lines == total);
}
