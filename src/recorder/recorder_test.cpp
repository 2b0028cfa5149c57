// The recorder on a loop of the test's: a disk that fills, breaks and comes back, and its peers.
#include "base/ids.hpp"
#include "base/wire.hpp"
#include "event/event.hpp"
#include "event/journal_reader.hpp"
#include "process/channel.hpp"
#include "recorder/recorder.hpp"
#include "recorder/testing.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace skep;
using namespace skep::recorder;
using namespace skep::recorder::testing;
using namespace std::chrono_literals;
using process::MessageKind;

namespace {

/// Another process's end of a channel, read without waiting.
struct Peer {
    explicit Peer(Recorder& recorder, const std::string& name) {
        auto pair = process::make_channel_pair();
        REQUIRE(pair);
        recorder.attach(name, std::move(pair->first));
        socket = std::move(pair->second);
    }

    void send(MessageKind kind, WireWriter fields, int descriptor = -1) const {
        REQUIRE(process::send_now(socket.get(), kind, std::move(fields).take(), descriptor));
    }

    void read() {
        char byte = 0;
        while (::recv(socket.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) > 0) {
            const auto message = process::receive_now(socket.get());
            REQUIRE(message);
            WireReader fields{message->payload};
            if (message->kind == MessageKind::acknowledged) {
                acknowledged = fields.u64();
                ++acknowledgements;
            }
            if (message->kind == MessageKind::pressure) pressure = fields.u8();
            if (message->kind == MessageKind::remembered) remembered.push_back(fields.bytes());
            if (message->kind == MessageKind::tried_elsewhere) tried.push_back(fields.bytes());
        }
    }

    process::Descriptor socket;
    std::uint64_t acknowledged = 0;
    std::size_t acknowledgements = 0;
    unsigned pressure = 9;
    std::vector<std::string> remembered;
    std::vector<std::string> tried;
};

/// Whether the disk refuses, for the worker to see.
std::atomic<int> refusal = 0;

ssize_t write_or_refuse(int fd, const void* bytes, std::size_t count, off_t offset) {
    if (refusal == 0) return ::pwrite(fd, bytes, count, offset);
    errno = refusal;
    return -1;
}

struct Fixture {
    Fixture() {
        refusal = 0;
        REQUIRE(settings.assign("limits.disk_free_bytes_artifacts=1000"));
        REQUIRE(settings.assign("limits.disk_free_bytes_sessions=100"));
        open();
    }

    void open() {
        Surroundings around;
        around.state_directory = scratch.path();
        around.calls.write_at = write_or_refuse;
        around.free_bytes = [this] { return free_bytes; };
        around.report = [this](std::string_view name, std::uint64_t value) {
            reports[std::string{name}] = value;
        };
        around.notice = [this](std::string_view name, std::string_view text) {
            notices.emplace_back(std::string{name} + ": " + std::string{text});
        };
        auto opened = Recorder::open(io, settings, std::move(around));
        REQUIRE(opened);
        recorder = *std::move(opened);
        recorder->start();
    }

    /// Runs the loop until `done`, at most some seconds.
    template <class F> bool until(F done) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > end) return false;
            io.run_for(5ms);
        }
        return true;
    }

    bool acknowledged(Peer& peer, std::uint64_t sequence) {
        return until([&] {
            peer.read();
            return peer.acknowledged == sequence;
        });
    }

    std::vector<event::Event> events(std::string_view eventid) const {
        std::vector<event::Event> found;
        event::JournalReader reader{scratch.path("journal")};
        for (const auto& line : reader.next(100'000)) {
            auto event = event::from_json(line.json);
            REQUIRE(event);
            if (event->eventid() == eventid) found.push_back(*std::move(event));
        }
        return found;
    }

    Scratch scratch;
    Settings settings;
    std::uint64_t free_bytes = 1'000'000;
    std::map<std::string, std::uint64_t> reports;
    std::vector<std::string> notices;
    boost::asio::io_context io;
    std::unique_ptr<Recorder> recorder;
};

WireWriter message(std::uint64_t sequence, std::string_view eventid = "command.input") {
    event::Event event{eventid, system_clock().now()};
    event.text("session", session_id(event.time()));
    WireWriter out;
    out.u64(sequence).bytes(event::to_json(event));
    return out;
}

WireWriter remember(std::uint64_t sequence, std::string_view source) {
    WireWriter out;
    out.u64(sequence).bytes(source).bytes("root").bytes("1234");
    return out;
}

WireWriter recording(std::uint64_t sequence, const std::string& session) {
    event::Event event{"log.open", system_clock().now()};
    event.text("session", session);
    WireWriter out;
    out.u64(sequence).bytes(session).bytes(event::to_json(event)).u32(80).u32(24).bytes("");
    return out;
}

} // namespace

TEST_CASE(
    "a full disk loses nothing, acknowledges nothing, presses, and goes on when there is room") {
    Fixture f;
    Peer sensor{*f.recorder, "sensor"};
    sensor.send(MessageKind::event, message(1));
    REQUIRE(f.acknowledged(sensor, 1));
    CHECK(sensor.pressure == 0);
    refusal = ENOSPC;
    sensor.send(MessageKind::event, message(2));
    sensor.send(MessageKind::remember, remember(3, "203.0.113.1"));
    REQUIRE(f.until([&] {
        sensor.read();
        return sensor.pressure == 2;
    }));
    sensor.send(MessageKind::event, message(4));
    f.io.run_for(300ms); // longer than one retry
    sensor.read();
    CHECK(sensor.acknowledged == 1);
    CHECK(f.events("command.input").size() == 1);
    refusal = 0;
    REQUIRE(f.acknowledged(sensor, 4));
    CHECK(f.until([&] {
        sensor.read();
        return sensor.pressure == 0;
    }));
    CHECK(f.events("command.input").size() == 3);
    CHECK(std::ranges::any_of(f.notices, [](const auto& notice) {
        return notice.starts_with("journal: ") && notice.contains("No space left");
    }));
}

TEST_CASE("journal_commit_ms: an event alone does not wait, those behind it go together") {
    Fixture f;
    REQUIRE(f.settings.assign("limits.journal_commit_ms=1000")); // 250 ms between two syncs
    f.recorder.reset();
    f.open();
    Peer sensor{*f.recorder, "sensor"};
    const auto start = std::chrono::steady_clock::now();
    sensor.send(MessageKind::event, message(1));
    REQUIRE(f.acknowledged(sensor, 1));
    for (std::uint64_t i = 2; i <= 20; ++i)
        sensor.send(MessageKind::event, message(i));
    REQUIRE(f.acknowledged(sensor, 20));
    CHECK(sensor.acknowledgements == 2);
    CHECK(std::chrono::steady_clock::now() - start >= 250ms);
}

TEST_CASE(
    "the disk's floors: first files are dropped, then recordings, and both are told and left") {
    Fixture f;
    Peer sensor{*f.recorder, "sensor"};
    const process::Descriptor content{::memfd_create("x", MFD_CLOEXEC)};
    REQUIRE(::write(content.get(), "x", 1) == 1);
    std::uint64_t sequence = 0;
    const auto pressed = [&](unsigned level) {
        return f.until([&] {
            sensor.read();
            return sensor.pressure == level;
        });
    };
    REQUIRE(pressed(0));
    f.free_bytes = 999;
    REQUIRE(pressed(1));
    sensor.send(MessageKind::artifact, message(++sequence, "file.captured"), content.get());
    const auto first = session_id(system_clock().now());
    sensor.send(MessageKind::recording_open, recording(++sequence, first));
    REQUIRE(f.acknowledged(sensor, sequence));
    const auto dropped = f.events("file.dropped");
    REQUIRE(dropped.size() == 1);
    CHECK(dropped[0].text_of("reason") == "disk_floor");
    CHECK_FALSE(f.events("log.open").at(0).text_of("ttylog").empty());
    f.free_bytes = 99;
    REQUIRE(pressed(2));
    sensor.send(MessageKind::recording_open,
                recording(++sequence, session_id(system_clock().now())));
    REQUIRE(f.acknowledged(sensor, sequence));
    CHECK(f.events("log.open").at(1).text_of("ttylog").empty());
    CHECK(f.events("log.open").at(1).text_of("reason") == "disk_floor");
    f.free_bytes = 1'000'000;
    REQUIRE(pressed(0));
    sensor.send(MessageKind::artifact, message(++sequence, "file.captured"), content.get());
    REQUIRE(f.acknowledged(sensor, sequence));
    CHECK(f.events("file.captured").size() == 1);
    std::vector<std::string> said;
    for (const auto& event : f.events("skep.limit"))
        said.push_back(std::string{event.text_of("name")} + ' ' +
                       std::string{event.text_of("reason")});
    CHECK(said == std::vector<std::string>{
                      "disk_free_bytes_artifacts reached", "disk_free_bytes_sessions reached",
                      "disk_free_bytes_artifacts left", "disk_free_bytes_sessions left"});
}

TEST_CASE("a remembered login reaches every sensor, those that come later too, and nobody else") {
    Fixture f;
    Peer first{*f.recorder, "sensor"};
    Peer second{*f.recorder, "sensor"};
    Peer cells{*f.recorder, "cells"};
    first.send(MessageKind::remember, remember(1, "203.0.113.1"));
    first.send(MessageKind::remember, remember(2, "203.0.113.1")); // known
    REQUIRE(f.acknowledged(first, 2));
    second.read();
    cells.read();
    CHECK(first.remembered.empty());
    CHECK(second.remembered == std::vector<std::string>{"203.0.113.1"});
    CHECK(cells.remembered.empty());
    Peer third{*f.recorder, "sensor"};
    third.read();
    CHECK(third.remembered == std::vector<std::string>{"203.0.113.1"});
}

TEST_CASE("a refused login reaches the other sensors and is acknowledged") {
    Fixture f;
    Peer first{*f.recorder, "sensor"};
    Peer second{*f.recorder, "sensor"};
    Peer cells{*f.recorder, "cells"};
    WireWriter fields;
    fields.u64(1).bytes("203.0.113.1");
    first.send(MessageKind::tried, std::move(fields));
    REQUIRE(f.acknowledged(first, 1));
    second.read();
    cells.read();
    CHECK(first.tried.empty());
    CHECK(second.tried == std::vector<std::string>{"203.0.113.1"});
    CHECK(cells.tried.empty());
}

TEST_CASE("one peer's end ends no other, and a new socket of it is served") {
    Fixture f;
    Peer cells{*f.recorder, "cells"};
    {
        const Peer gone{*f.recorder, "sensor"};
        gone.send(MessageKind::event, message(1));
    }
    cells.send(MessageKind::event, message(1));
    REQUIRE(f.acknowledged(cells, 1));
    Peer back{*f.recorder, "sensor"};
    back.send(MessageKind::event, message(7));
    REQUIRE(f.acknowledged(back, 7));
    CHECK(f.events("command.input").size() == 3); // what the gone one sent counts
}

TEST_CASE("a stop waits until everything is on disk") {
    Fixture f;
    Peer sensor{*f.recorder, "sensor"};
    const auto session = session_id(system_clock().now());
    sensor.send(MessageKind::recording_open, recording(1, session));
    for (std::uint64_t i = 2; i <= 500; ++i)
        sensor.send(MessageKind::event, message(i));
    bool stopped = false;
    f.recorder->stop([&] { stopped = true; });
    REQUIRE(f.until([&] { return stopped; }));
    sensor.read();
    CHECK(sensor.acknowledged == 500);
    CHECK(f.events("command.input").size() == 499);
}

TEST_CASE("rotated segments are compressed while the recorder runs, those of earlier runs too") {
    Fixture f;
    REQUIRE(f.settings.assign("limits.journal_segment_bytes=65536"));
    f.recorder.reset();
    f.open();
    Peer sensor{*f.recorder, "sensor"};
    std::uint64_t sequence = 0;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 500; ++i)
            sensor.send(MessageKind::event, message(++sequence));
        REQUIRE(f.acknowledged(sensor, sequence));
    }
    const auto compressed = [&] {
        return std::ranges::count_if(
            std::filesystem::directory_iterator{f.scratch.path("journal")},
            [](const auto& entry) { return entry.path().extension() == ".zst"; });
    };
    CHECK(f.until([&] { return compressed() >= 2; }));
    CHECK(f.events("command.input").size() == sequence);
    const auto before = compressed();
    f.recorder.reset();
    f.open(); // the last one of before
    CHECK(f.until([&] { return compressed() == before + 1; }));
    CHECK(f.events("command.input").size() == sequence);
}
