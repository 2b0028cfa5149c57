// The recorder as a process of its own, under its sandbox, ended by SIGKILL at any moment.
#include "base/crypto/sha256.hpp"
#include "base/ids.hpp"
#include "base/wire.hpp"
#include "event/event.hpp"
#include "event/journal_reader.hpp"
#include "process/channel.hpp"
#include "recorder/role.hpp"
#include "recorder/testing.hpp"

#include <csignal>
#include <map>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace skep;
using namespace skep::recorder;
using namespace skep::recorder::testing;
using process::MessageKind;

namespace {

/// A running recorder and this test as its supervisor and its sensor.
class Running {
  public:
    explicit Running(const Scratch& scratch, const Settings& settings) {
        auto control = process::make_channel_pair();
        auto peer = process::make_channel_pair();
        REQUIRE(control);
        REQUIRE(peer);
        pid_ = ::fork();
        if (pid_ == 0) {
            control->first.reset();
            peer->first.reset();
            const process::RoleContext context{.role = "recorder",
                                               .settings = settings,
                                               .state_directory = scratch.path(),
                                               .control = control->second.release()};
            ::_exit(run(context));
        }
        control_ = std::move(control->first);
        peer_ = std::move(peer->first);
        const timeval patience{20, 0};
        ::setsockopt(control_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(peer_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        const auto name = std::move(WireWriter{}.bytes("sensor")).take();
        REQUIRE(process::send_now(control_.get(), MessageKind::peer, name, peer->second.get()));
    }

    ~Running() {
        if (pid_ > 0) end(SIGKILL);
    }

    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    bool send(MessageKind kind, WireWriter fields, int descriptor = -1) {
        return process::send_now(peer_.get(), kind, std::move(fields).take(), descriptor)
            .has_value();
    }

    /// Waits until everything up to `sequence` is acknowledged; false if the recorder is gone.
    bool wait_for(std::uint64_t sequence) {
        while (acknowledged_ < sequence) {
            const auto message = process::receive_now(peer_.get());
            if (!message) return false;
            WireReader fields{message->payload};
            if (message->kind == MessageKind::acknowledged) acknowledged_ = fields.u64();
            if (message->kind == MessageKind::remembered) ++remembered;
            if (message->kind == MessageKind::pressure) pressure = fields.u8();
        }
        return true;
    }

    /// What has been acknowledged by now, without waiting.
    std::uint64_t acknowledged() {
        const int flags = MSG_DONTWAIT | MSG_PEEK;
        char byte = 0;
        while (::recv(peer_.get(), &byte, 1, flags) > 0 && wait_for(acknowledged_ + 1)) {
        }
        return acknowledged_;
    }

    int end(int signal) {
        ::kill(pid_, signal);
        return wait();
    }

    int stop() {
        REQUIRE(process::send_now(control_.get(), MessageKind::stop, ""));
        return wait();
    }

    std::uint64_t remembered = 0;
    unsigned pressure = 9;

  private:
    int wait() {
        int status = 0;
        ::waitpid(std::exchange(pid_, -1), &status, 0);
        return status;
    }

    pid_t pid_ = -1;
    process::Descriptor control_;
    process::Descriptor peer_;
    std::uint64_t acknowledged_ = 0;
};

event::Event make_event(std::string_view eventid, std::string_view session) {
    event::Event event{eventid, system_clock().now()};
    event.text("session", session);
    event.text("src_ip", "203.0.113.5");
    return event;
}

WireWriter event_message(std::uint64_t sequence, const event::Event& event) {
    WireWriter out;
    out.u64(sequence).bytes(event::to_json(event));
    return out;
}

std::map<std::string, event::Event> journal(const Scratch& scratch) {
    std::map<std::string, event::Event> events;
    event::JournalReader reader{scratch.path("journal")};
    for (;;) {
        const auto lines = reader.next(1000);
        if (lines.empty()) return events;
        for (const auto& line : lines) {
            auto event = event::from_json(line.json);
            REQUIRE(event);
            events.insert_or_assign(event->id(), *event);
        }
    }
}

const event::Event& only(const std::map<std::string, event::Event>& events,
                         std::string_view eventid) {
    const event::Event* found = nullptr;
    for (const auto& [id, event] : events) {
        if (event.eventid() != eventid) continue;
        CHECK(found == nullptr);
        found = &event;
    }
    REQUIRE(found != nullptr);
    return *found;
}

} // namespace

TEST_CASE("events, files, recordings and logins are on disk when they are acknowledged") {
    const Scratch scratch;
    Settings settings;
    REQUIRE(settings.assign("sensor.name=test-sensor"));
    const auto session = session_id(system_clock().now());
    Running recorder{scratch, settings};
    recorder.send(MessageKind::event, event_message(1, make_event("login.failed", session)));
    WireWriter open;
    open.u64(2).bytes(session).bytes(event::to_json(make_event("log.open", session)));
    open.u32(80).u32(24).bytes("xterm");
    recorder.send(MessageKind::recording_open, std::move(open));
    WireWriter data;
    data.u64(3).bytes(session).u32(0).u64(1500).u8('o').bytes("$ ");
    recorder.send(MessageKind::recording_data, std::move(data));
    const process::Descriptor content{::memfd_create("x", MFD_CLOEXEC)};
    REQUIRE(::write(content.get(), "malware", 7) == 7);
    recorder.send(MessageKind::artifact, event_message(4, make_event("file.captured", session)),
                  content.get());
    recorder.send(MessageKind::artifact, event_message(5, make_event("file.captured", session)));
    WireWriter close;
    close.u64(6).bytes(session).bytes(event::to_json(make_event("log.closed", session)));
    recorder.send(MessageKind::recording_close, std::move(close));
    WireWriter remember;
    remember.u64(7).bytes("203.0.113.5").bytes("root").bytes("\xff");
    recorder.send(MessageKind::remember, std::move(remember));
    REQUIRE(recorder.wait_for(7));
    CHECK(recorder.pressure == 0);
    CHECK(recorder.remembered == 0);
    recorder.end(SIGKILL);

    const auto events = journal(scratch);
    CHECK(events.size() == 5);
    CHECK(only(events, "login.failed").text_of("sensor") == "test-sensor");
    const auto& captured = only(events, "file.captured");
    CHECK(captured.text_of("shasum") == crypto::sha256_hex("malware"));
    CHECK(captured.number_of("size") == 7);
    CHECK(read_file(scratch.path(std::string{captured.text_of("outfile")})) == "malware");
    CHECK(only(events, "file.dropped").text_of("reason") == "no_content");
    const std::string ttylog{only(events, "log.open").text_of("ttylog")};
    const auto& closed = only(events, "log.closed");
    CHECK(closed.text_of("ttylog") == ttylog);
    CHECK(closed.number_of("duration_ms") == 1);
    const auto cast = read_file(scratch.path(ttylog));
    CHECK(cast.ends_with("\n[0.001500,\"o\",\"$ \"]\n"));
    CHECK(closed.text_of("shasum") == crypto::sha256_hex(cast));

    Running again{scratch, settings};
    again.send(MessageKind::event, event_message(1, make_event("login.success", session)));
    REQUIRE(again.wait_for(1));
    CHECK(again.remembered == 1);
    CHECK(again.stop() == 0);
}

TEST_CASE("what a taken-over peer sends is refused, acknowledged, and harms no other message") {
    const Scratch scratch;
    const Settings settings;
    Running recorder{scratch, settings};
    std::uint64_t sequence = 0;
    const auto send_json = [&](std::string_view json) {
        WireWriter out;
        out.u64(++sequence).bytes(json);
        return recorder.send(MessageKind::event, std::move(out));
    };
    const std::string start = R"({"id":"a-1","eventid":"x.y","timestamp":"2026-11-24T10:30:00Z")";
    for (const auto& json :
         {std::string{}, std::string{"{}"}, std::string{"[]"}, start,
          start + R"(,"crc":"00000000"})", start + R"(,"a b":1})", start + R"(,"":1})",
          std::string{R"({"id":"../x","eventid":"x.y","timestamp":"2026-11-24T10:30:00Z"})"},
          std::string{R"({"id":"a","eventid":"x\ny","timestamp":"2026-11-24T10:30:00Z"})"},
          std::string{R"({"id":"a","eventid":"x.y","timestamp":"yesterday"})"},
          start + ",\"a\":\"\xff\"}", std::string(100'000, '['), start + R"(,"a":1)" + '\n' + "}"})
        REQUIRE(send_json(json));
    for (unsigned kind = 0; kind < 256; ++kind) {
        if (kind == static_cast<unsigned>(MessageKind::event)) continue;
        WireWriter out;
        out.u64(++sequence).bytes(std::string(kind, '\xff'));
        REQUIRE(recorder.send(static_cast<MessageKind>(kind), std::move(out)));
    }
    REQUIRE(recorder.send(MessageKind::event, WireWriter{}));
    REQUIRE(recorder.send(MessageKind::event, event_message(++sequence, make_event("a.b", "s"))));
    REQUIRE(recorder.wait_for(sequence));
    recorder.end(SIGKILL);
    const auto events = journal(scratch);
    CHECK(events.size() == 2); // the one with a line feed between its members is good JSON
    CHECK(events.contains("a-1"));
}

TEST_CASE("SIGKILL at any moment loses no acknowledged event") {
    const Scratch scratch;
    Settings settings;
    REQUIRE(settings.assign("limits.journal_segment_bytes=65536"));
    std::vector<std::string> acknowledged;
    for (unsigned round = 0; round < 12; ++round) {
        Running recorder{scratch, settings};
        std::vector<std::string> sent;
        // A different number of events before each end, from none to a few segments.
        for (unsigned i = 0; i < round * round * 40; ++i) {
            const auto event = make_event("command.input", "s");
            if (!recorder.send(MessageKind::event, event_message(i + 1, event))) break;
            sent.push_back(event.id());
            (void)recorder.acknowledged();
        }
        if (round % 3 == 1) REQUIRE(recorder.wait_for(sent.size()));
        const auto count = recorder.acknowledged();
        recorder.end(SIGKILL);
        REQUIRE(count <= sent.size());
        acknowledged.insert(acknowledged.end(), sent.begin(),
                            sent.begin() + static_cast<std::ptrdiff_t>(count));
    }
    CHECK(acknowledged.size() > 1000);
    const auto events = journal(scratch);
    for (const auto& id : acknowledged)
        REQUIRE(events.contains(id));
}
