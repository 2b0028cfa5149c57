#include "event/journal_line.hpp"
#include "hub/import/cowrie.hpp"
#include "hub/import/finish.hpp"
#include "hub/import/importer.hpp"
#include "hub/import/python_bytes.hpp"
#include "hub/imported_reader.hpp"
#include "hub/testing.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>

using namespace skep;
using namespace skep::hub;
using namespace skep::hub::testing;

namespace {

constexpr std::size_t line_max = 4 << 20;

struct Imported {
    ImportedFile file;
    std::vector<std::string> rejected; ///< `line: reason`
};

Imported
import(const std::string& path, const std::string& journal, std::size_t line_bytes = line_max) {
    Imported result;
    auto source = must(LineSource::open(path, line_bytes));
    ImportCalls calls;
    calls.on_rejected = [&](const SourceLine& line, std::string_view reason) {
        result.rejected.push_back(std::to_string(line.number) + ": " + std::string{reason});
    };
    calls.on_progress = [](const ImportedFile&) {};
    result.file = must(import_file(source, journal, calls));
    return result;
}

std::vector<event::Event> events_of(const std::string& journal, const std::string& segment) {
    auto reader = must(ImportedReader::open(journal, segment, 0));
    std::vector<event::Event> events;
    for (;;) {
        const auto lines = must(reader.next(3));
        if (lines.empty()) return events;
        for (const auto& line : lines)
            events.push_back(must(event::from_json(line)));
    }
}

const event::Event& only(const std::vector<event::Event>& events, std::string_view eventid) {
    const auto found = std::ranges::find(events, eventid, &event::Event::eventid);
    REQUIRE(found != events.end());
    return *found;
}

Settings settings() {
    return {};
}

} // namespace

TEST_CASE("every line of a Cowrie log is an event or a broken line with its number") {
    const Scratch scratch;
    const auto imported = import(SKEP_SOURCE_DIR "/tests/data/cowrie.json", scratch.path());
    CHECK(imported.file.read == 17);
    CHECK(imported.file.converted == 12);
    CHECK(imported.file.rejected == 5);
    REQUIRE(imported.rejected.size() == 5);
    CHECK(imported.rejected[0].starts_with("10: not JSON"));
    CHECK(imported.rejected[1].starts_with("11: not JSON"));
    CHECK(imported.rejected[2] == "12: not a JSON object");
    CHECK(imported.rejected[3] == "13: no eventid");
    CHECK(imported.rejected[4].starts_with("14: timestamp"));
    CHECK(imported_segments(scratch.path()) == std::vector{imported.file.segment});
}

TEST_CASE("Cowrie's ways of writing become ours, and nothing is dropped") {
    const Scratch scratch;
    const auto imported = import(SKEP_SOURCE_DIR "/tests/data/cowrie.json", scratch.path());
    const auto events = events_of(scratch.path(), imported.file.segment);
    REQUIRE(events.size() == 12);
    CHECK(iso8601(events[0].time()) == "2024-03-01T10:00:00.000001Z");
    CHECK(events[0].number_of("src_port") == 41000);
    CHECK(only(events, "client.version").text_of("version") == "SSH-2.0-Go");
    CHECK(only(events, "client.version").text_of("message") == "Remote SSH version: b'SSH-2.0-Go'");
    CHECK(only(events, "login.success").find("password") != nullptr);
    CHECK(only(events, "login.success").text_of("password").empty());
    const auto& command = only(events, "command.input");
    CHECK(command.text_of("input") == "cat /proc/cpuinfo; echo \xff\\udc00 \xf0\x9f\x98\x80");
    CHECK(only(events, "session.closed").number_of("duration_ms") == 9800);
    CHECK(only(events, "session.closed").find("duration") == nullptr);
    std::vector<event::Event> captured;
    std::ranges::copy_if(events, std::back_inserter(captured),
                         [](const auto& event) { return event.eventid() == "file.captured"; });
    REQUIRE(captured.size() == 2);
    CHECK(captured[0].text_of("reason") == "download");
    CHECK(captured[0].text_of("url") == "http://203.0.113.5/x.sh");
    CHECK(captured[1].text_of("reason") == "upload");
    CHECK(captured[1].text_of("destfile") == "sshd");
    CHECK(iso8601(only(events, "session.file_download.failed").time()) ==
          "2024-03-01T10:00:04.600000Z");
    const auto& data = only(events, "direct-tcpip.data");
    CHECK(data.text_of("data") == "\x16\x03\x01");
    CHECK(data.number_of("channel") == 3);
    REQUIRE(data.find("nested") != nullptr);
    CHECK(std::get<event::Raw>(*data.find("nested")).json == R"({"kept":[1,2.5E0,null]})");
    CHECK(only(events, "telnet.option").number_of("option") == 31);
}

TEST_CASE("the same log gives the same segment, and events are stored once") {
    const Scratch scratch;
    std::filesystem::create_directories(scratch.path("journal"));
    std::filesystem::create_directories(scratch.path("hub"));
    const auto journal = scratch.path("journal");
    const std::string log = SKEP_SOURCE_DIR "/tests/data/cowrie.json";
    const auto first = import(log, journal);
    must(ingest_here(scratch.path(), settings(), [](std::string_view) {}));
    auto stored = read_imports(scratch.path())[first.file.segment];
    CHECK(stored.complete);
    CHECK(stored.lines == 12);
    CHECK(stored.added == 11); // one line is there twice
    CHECK(import(log, journal).file.segment == first.file.segment);
    // The same events in another file: a log that has grown.
    {
        std::ifstream old{log};
        std::ofstream grown{scratch.path("grown.json")};
        grown
            << old.rdbuf()
            << R"({"eventid":"cowrie.command.input","input":"new","timestamp":"2024-03-02T00:00:00Z"})";
    }
    const auto second = import(scratch.path("grown.json"), journal);
    CHECK(second.file.segment != first.file.segment);
    must(ingest_here(scratch.path(), settings(), [](std::string_view) {}));
    stored = read_imports(scratch.path())[second.file.segment];
    CHECK(stored.lines == 13);
    CHECK(stored.added == 1);
}

TEST_CASE("limits.import_line_bytes: a longer line is rejected and the next one read") {
    const Scratch scratch;
    const std::string head =
        R"({"eventid":"cowrie.command.input","timestamp":"2024-03-02T00:00:00Z","input":")";
    const std::string tail = "\"}";
    constexpr std::size_t limit = 1000;
    const std::string fits = head + std::string(limit - head.size() - tail.size(), 'a') + tail;
    const std::string over = head + std::string(limit - head.size() - tail.size() + 1, 'b') + tail;
    std::ofstream{scratch.path("log")} << fits << '\n' << over << '\n' << fits << "\r\n" << over;
    const auto imported = import(scratch.path("log"), scratch.path(), limit);
    CHECK(imported.file.converted == 2);
    REQUIRE(imported.rejected.size() == 2);
    CHECK(imported.rejected[0].starts_with("2: longer than limits.import_line_bytes"));
    CHECK(imported.rejected[1].starts_with("4: "));
}

TEST_CASE("an empty log makes no segment, and a torn gzip file keeps what came before") {
    const Scratch scratch;
    std::ofstream{scratch.path("empty")} << "\n \r\n";
    const auto empty = import(scratch.path("empty"), scratch.path());
    CHECK(empty.file.segment.empty());
    CHECK(empty.file.read == 0);
    std::ofstream{scratch.path("torn.gz"), std::ios::binary} << "\x1f\x8b\x08"
                                                             << std::string(20, '\0');
    const auto torn = import(scratch.path("torn.gz"), scratch.path());
    CHECK(torn.file.rejected == 1);
    for (const auto& entry : std::filesystem::directory_iterator{scratch.path()})
        CHECK_FALSE(entry.path().filename().string().ends_with(".tmp"));
}

TEST_CASE("Python's bytes are read exactly, and what is none is left") {
    CHECK(from_python_bytes("b'SSH-2.0-Go'") == "SSH-2.0-Go");
    CHECK(from_python_bytes(R"(b"it's")") == "it's");
    CHECK(from_python_bytes(R"(b'\x00\xff\n\r\t\\\'')") == std::string{"\0\xff\n\r\t\\'", 7});
    CHECK(from_python_bytes("b''") == "");
    for (const auto* text : {"", "b", "b'", "SSH-2.0", "b'a", "b'a\"", R"(b'\x0')", R"(b'\q')",
                             R"(b'\')", "b'a'b'", "b'\xff'", "'a'"})
        CHECK(from_python_bytes(text) == std::nullopt);
}

TEST_CASE("all recorded Cowrie logs import completely") {
    const char* chosen = std::getenv("SKEP_SHARED_DATA");
    const std::filesystem::path data =
        chosen == nullptr ? std::filesystem::path{SKEP_SOURCE_DIR "/../shared/data"} : chosen;
    if (!std::filesystem::is_directory(data / "cowrie_events")) {
        WARN("no shared data");
        return;
    }
    const Scratch scratch;
    std::filesystem::create_directories(scratch.path("journal"));
    std::filesystem::create_directories(scratch.path("hub"));
    std::uint64_t read = 0;
    std::uint64_t converted = 0;
    for (const auto& entry : std::filesystem::directory_iterator{data / "cowrie_events"}) {
        const auto imported = import(entry.path().string(), scratch.path("journal"));
        INFO(entry.path());
        CHECK(imported.rejected.empty());
        read += imported.file.read;
        converted += imported.file.converted;
    }
    CHECK(read > 0);
    CHECK(converted == read);
    must(ingest_here(scratch.path(), settings(), [](std::string_view) {}));
    const auto opened =
        must(store::Store::open({.directory = scratch.path("hub")}, [](std::string_view) {}));
    auto connection = must(opened.connect());
    const auto stored = must(connection.query("SELECT count(*), count(DISTINCT id) FROM events"));
    CHECK(store::number(stored[0][0]) == store::number(stored[0][1]));
    std::uint64_t added = 0;
    for (const auto& [name, part] : read_imports(scratch.path())) {
        CHECK(part.complete);
        added += part.added;
    }
    CHECK(static_cast<std::uint64_t>(store::number(stored[0][0])) == added);
    WARN("recorded logs: read " << read << ", imported " << added << ", twice in the logs "
                                << read - added);
}
