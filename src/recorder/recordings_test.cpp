#include "base/crypto/sha256.hpp"
#include "base/ids.hpp"
#include "recorder/recordings.hpp"
#include "recorder/testing.hpp"

#include <cerrno>

using namespace skep;
using namespace skep::recorder;
using namespace skep::recorder::testing;

namespace {

struct Fixture {
    Scratch scratch;
    TestClock clock;
    std::string session = session_id(clock.time);

    RecordingOptions options() const {
        return {.directory = scratch.path("recordings"), .bytes_max = 4096, .clock = &clock};
    }

    Recordings open() const {
        auto recordings = Recordings::open(options());
        REQUIRE(recordings);
        return *std::move(recordings);
    }

    std::string path() const { return scratch.path("recordings/2026-11-24/" + session + ".cast"); }
};

Chunk chunk(std::uint32_t index, std::string bytes) {
    return {index, index * 1000ULL, 'o', std::move(bytes)};
}

} // namespace

TEST_CASE("a recording is a file of its session's day, and its end tells what is in it") {
    const Fixture f;
    auto recordings = f.open();
    const auto begun = recordings.begin(f.session, {.width = 80, .height = 24, .term = "vt100"});
    REQUIRE(begun);
    CHECK(*begun == "recordings/2026-11-24/" + f.session + ".cast");
    REQUIRE(recordings.add(f.session, chunk(0, "$ ")));
    REQUIRE(recordings.add(f.session, chunk(1, "\xff")));
    const auto names = recordings.take_unsynced();
    CHECK(names == std::vector<std::string>{"2026-11-24", "2026-11-24/" + f.session + ".cast"});
    CHECK(recordings.sync(names));
    CHECK(recordings.take_unsynced().empty());
    const auto closed = recordings.end(f.session);
    REQUIRE(closed);
    const auto content = read_file(f.path());
    CHECK(closed->size == content.size());
    CHECK(closed->shasum == crypto::sha256_hex(content));
    CHECK(closed->duration_ms == 1);
    CHECK_FALSE(closed->truncated);
}

TEST_CASE("a session that is no session never becomes a file name") {
    const Fixture f;
    auto recordings = f.open();
    for (const std::string& name :
         {std::string{}, std::string{"../../../etc/cron.d/x"}, f.session + "0", f.session + "-",
          f.session + "-x", f.session + "-1/2", f.session + "-1234567890",
          std::string{"0123456789abcdef012g"}, std::string{"ffffffffffff00000000"},
          std::string{"00000000000000000000"}, std::string(20, '\0'), session_id(0),
          session_id(f.clock.time - 9 * 86'400'000'000),
          session_id(f.clock.time + 172'800'000'000)})
        CHECK_FALSE(recordings.begin(name, {}));
    CHECK(std::filesystem::is_empty(f.scratch.path("recordings")));
}

TEST_CASE("a session's later programs have recordings of their own") {
    const Fixture f;
    auto recordings = f.open();
    REQUIRE(recordings.begin(f.session, {}));
    const auto second = recordings.begin(f.session + "-2", {});
    REQUIRE(second.has_value());
    CHECK(*second == "recordings/2026-11-24/" + f.session + "-2.cast");
    REQUIRE(recordings.add(f.session + "-2", chunk(0, "second")));
    CHECK(recordings.end(f.session).has_value());
    CHECK_FALSE(read_file(f.path()).contains("second"));
}

TEST_CASE("after a restart at any byte a recording goes on without loss or repetition") {
    const Fixture f;
    std::vector<Chunk> chunks;
    for (std::uint32_t i = 0; i < 6; ++i)
        chunks.push_back(chunk(i, i % 2 == 0 ? "\xe2\x82" : "\xac \xff" + std::to_string(i)));
    {
        auto recordings = f.open();
        REQUIRE(recordings.begin(f.session, {}));
        for (const auto& entry : chunks)
            REQUIRE(recordings.add(f.session, entry));
    }
    const auto whole = read_file(f.path());
    const auto header = whole.find('\n') + 1;
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        write_file(f.path(), whole.substr(0, cut));
        auto recordings = f.open();
        // What was not acknowledged comes again: here everything, or only what the cut took.
        if (cut < header) REQUIRE(recordings.begin(f.session, {}));
        std::size_t first = 0;
        if (cut % 2 == 1 && cut > header) {
            auto lines = whole.substr(0, cut);
            first = static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n') - 1) / 2;
        }
        for (std::size_t i = first; i < chunks.size(); ++i)
            REQUIRE(recordings.add(f.session, chunks[i]));
        const auto closed = recordings.end(f.session);
        REQUIRE(closed);
        const auto content = read_file(f.path());
        CHECK(content.substr(content.find('\n')) == whole.substr(header - 1));
        CHECK(closed->shasum == crypto::sha256_hex(content));
    }
}

TEST_CASE("recording_bytes holds to the byte, also after a restart") {
    const Fixture f;
    auto recordings = f.open();
    REQUIRE(recordings.begin(f.session, {}));
    const auto header = read_file(f.path()).size();
    const std::string frame = "[0.000000,\"o\",\"\"]\n";
    const auto room = 4096 - header - frame.size();
    REQUIRE_FALSE(recordings.add(f.session, chunk(0, std::string(room + 1, 'x'))));
    REQUIRE_FALSE(recordings.add(f.session, chunk(1, "y"))); // nothing after a gap
    const auto cut = recordings.end(f.session);
    REQUIRE(cut);
    CHECK(cut->truncated);
    CHECK(cut->size == header);

    Fixture g;
    auto exact = g.open();
    REQUIRE(exact.begin(g.session, {}));
    REQUIRE(exact.add(g.session, chunk(0, std::string(room, 'x'))));
    CHECK(read_file(g.path()).size() == 4096);
    REQUIRE_FALSE(exact.add(g.session, chunk(1, "y")));
    auto again = g.open();
    REQUIRE_FALSE(again.add(g.session, chunk(2, "z")));
    const auto closed = again.end(g.session);
    REQUIRE(closed);
    CHECK(closed->truncated);
    CHECK(closed->size == 4096);
}

namespace {

ssize_t half_then_full(int fd, const void* bytes, std::size_t count, off_t offset) {
    if (count > 10) return ::pwrite(fd, bytes, 10, offset);
    errno = ENOSPC;
    return -1;
}

} // namespace

TEST_CASE("a full disk ends a recording at a whole line") {
    const Fixture f;
    std::string before;
    {
        auto recordings = f.open();
        REQUIRE(recordings.begin(f.session, {}));
        REQUIRE(recordings.add(f.session, chunk(0, "x")));
        before = read_file(f.path());
    }
    auto wanted = f.options();
    wanted.calls.write_at = half_then_full;
    auto recordings = Recordings::open(wanted);
    REQUIRE(recordings);
    REQUIRE_FALSE(recordings->add(f.session, chunk(1, "0123456789")));
    CHECK(read_file(f.path()) == before);
    const auto closed = recordings->end(f.session);
    REQUIRE(closed);
    CHECK(closed->truncated);
}

TEST_CASE("no more than the named number of recordings is open at once") {
    const Fixture f;
    auto wanted = f.options();
    wanted.open_max = 2;
    auto recordings = Recordings::open(wanted);
    REQUIRE(recordings);
    const auto second = session_id(f.clock.time);
    const auto third = session_id(f.clock.time);
    REQUIRE(recordings->begin(f.session, {}));
    REQUIRE(recordings->begin(second, {}));
    CHECK_FALSE(recordings->begin(third, {}));
    recordings->release(second);
    CHECK(recordings->begin(third, {}));
}
