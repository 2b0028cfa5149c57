#include "event/event.hpp"
#include "event/journal_line.hpp"
#include "event/journal_reader.hpp"
#include "recorder/journal.hpp"
#include "recorder/recovery.hpp"
#include "recorder/testing.hpp"

#include <cerrno>

using namespace skep;
using namespace skep::recorder;
using namespace skep::recorder::testing;
namespace fs = std::filesystem;

namespace {

std::string line(int number) {
    event::Event event{"command.input", 1'795'516'200'000'000 + number, std::to_string(number)};
    event.number("size", number);
    return event::frame_line(to_json(event));
}

std::vector<std::int64_t> numbers(event::JournalReader& reader, std::size_t lines_max = 1000) {
    std::vector<std::int64_t> found;
    for (const auto& read : reader.next(lines_max)) {
        const auto event = event::from_json(read.json);
        REQUIRE(event);
        found.push_back(event->number_of("size"));
    }
    return found;
}

JournalOptions options(const Scratch& scratch, const TestClock& clock) {
    return {.directory = scratch.path("journal"),
            .segment_bytes = 65536,
            .segment_time = 1'000'000,
            .clock = &clock};
}

std::vector<std::string> files(const Scratch& scratch) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator{scratch.path("journal")})
        if (entry.is_regular_file()) names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

} // namespace

TEST_CASE("a reader follows the journal across rotation, compression and restarts") {
    const Scratch scratch;
    TestClock clock;
    event::JournalReader reader{scratch.path("journal")};
    CHECK(numbers(reader).empty());
    auto journal = Journal::open(options(scratch, clock));
    REQUIRE(journal);
    REQUIRE(journal->append(line(1) + line(2)));
    CHECK(reader.anything_new());
    CHECK(numbers(reader) == std::vector<std::int64_t>{1, 2});
    CHECK(numbers(reader).empty());
    CHECK_FALSE(reader.anything_new());
    REQUIRE(journal->append(line(3)));
    CHECK(reader.anything_new());

    clock.time += 1'000'000; // limits.journal_segment_seconds
    REQUIRE(journal->append(line(4)));
    const auto closed = journal->take_closed();
    REQUIRE(closed.size() == 1);
    const auto directory = open_directory(scratch.path("journal"));
    REQUIRE(directory);
    REQUIRE(compress_segment(directory->get(), closed.front()));
    CHECK(files(scratch) == std::vector<std::string>{closed.front() + ".zst", journal->segment()});
    CHECK(numbers(reader, 1) == std::vector<std::int64_t>{3}); // from the removed file
    const auto cursor = reader.cursor();
    CHECK(cursor.segment == closed.front());

    journal = Journal::open(options(scratch, clock));
    REQUIRE(journal);
    REQUIRE(journal->append(line(5)));
    CHECK(numbers(reader) == std::vector<std::int64_t>{4, 5});
    event::JournalReader later{scratch.path("journal"), cursor}; // from the compressed file
    CHECK(numbers(later) == std::vector<std::int64_t>{4, 5});
    event::JournalReader first{scratch.path("journal")};
    CHECK(numbers(first) == std::vector<std::int64_t>{1, 2, 3, 4, 5});
}

TEST_CASE("every cursor that a reader gives leads to the next line") {
    const Scratch scratch;
    const TestClock clock;
    auto journal = Journal::open(options(scratch, clock));
    REQUIRE(journal);
    std::string lines;
    for (int i = 0; i < 50; ++i)
        lines += line(i);
    REQUIRE(journal->append(lines));
    const auto directory = open_directory(scratch.path("journal"));
    REQUIRE(directory);
    for (const bool compressed : {false, true}) {
        if (compressed) REQUIRE(compress_segment(directory->get(), journal->segment()));
        event::JournalReader all{scratch.path("journal")};
        for (const auto& read : all.next(1000)) {
            event::JournalReader one{scratch.path("journal"), read.next};
            const auto event = event::from_json(read.json);
            REQUIRE(event);
            const auto after = numbers(one, 1);
            if (event->number_of("size") == 49)
                CHECK(after.empty());
            else
                CHECK(after == std::vector{event->number_of("size") + 1});
        }
    }
}

TEST_CASE("a segment is rotated at journal_segment_bytes") {
    const Scratch scratch;
    const TestClock clock;
    auto wanted = options(scratch, clock);
    wanted.segment_bytes = line(1).size() + 1;
    auto journal = Journal::open(wanted);
    REQUIRE(journal);
    REQUIRE(journal->append(line(1)));
    const auto first = journal->segment();
    REQUIRE(journal->append(line(2))); // one byte below the limit: the same segment
    CHECK(journal->segment() == first);
    REQUIRE(journal->append(line(3)));
    CHECK(journal->segment() > first);
    CHECK(journal->take_closed() == std::vector{first});
}

TEST_CASE("segment names rise although the clock goes back") {
    const Scratch scratch;
    TestClock clock;
    std::string last;
    for (int i = 0; i < 5; ++i) {
        auto journal = Journal::open(options(scratch, clock));
        REQUIRE(journal);
        REQUIRE(journal->append(line(i)));
        CHECK(journal->segment() > last);
        CHECK(event::is_segment_name(journal->segment()));
        last = journal->segment();
        clock.time -= 5'000'000;
    }
    const auto highest = last.substr(0, 17) + "999999.jsonl";
    fs::rename(scratch.path("journal/" + last), scratch.path("journal/" + highest));
    auto journal = Journal::open(options(scratch, clock));
    REQUIRE(journal);
    REQUIRE(journal->append(line(9)));
    CHECK(journal->segment() > highest);
    CHECK(event::is_segment_name(journal->segment()));
}

TEST_CASE("a segment cut or corrupted at any byte of its last lines keeps every whole line") {
    const Scratch scratch;
    const TestClock clock;
    const std::string name = "20261124T103000Z-000001.jsonl";
    const auto path = scratch.path("journal/" + name);
    const std::string content = line(1) + line(2) + line(3);
    const auto two = line(1).size() + line(2).size();
    fs::create_directory(scratch.path("journal"));
    const auto recovered = [&](std::string_view bytes) {
        write_file(path, bytes);
        REQUIRE(Journal::open(options(scratch, clock)));
        return fs::exists(path) ? read_file(path) : std::string{};
    };
    for (std::size_t cut = 0; cut < content.size(); ++cut) {
        const auto kept = recovered(content.substr(0, cut));
        const auto whole = cut < line(1).size() ? 0 : cut < two ? line(1).size() : two;
        CHECK(kept == content.substr(0, whole));
        if (cut > whole)
            CHECK(read_file(scratch.path("journal/torn/" + name + '.' + std::to_string(whole))) ==
                  content.substr(whole, cut - whole));
    }
    for (std::size_t at = two; at < content.size(); ++at) {
        auto wrong = content;
        wrong[at] = static_cast<char>(static_cast<unsigned char>(wrong[at]) ^ 1U);
        CHECK(recovered(wrong) == content.substr(0, two));
        wrong.resize(at);
        wrong.append(content.size() - at, '\0'); // blocks that were never written
        CHECK(recovered(wrong) == content.substr(0, two));
    }
    CHECK(recovered(content) == content);
}

TEST_CASE("a bad line between good ones is reported, skipped and never changed") {
    const Scratch scratch;
    const TestClock clock;
    fs::create_directory(scratch.path("journal"));
    const auto path = scratch.path("journal/20261124T103000Z-000001.jsonl");
    auto wrong = line(2);
    wrong[5] = 'X';
    const auto content = line(1) + wrong + "\n" + line(3);
    write_file(path, content);
    REQUIRE(Journal::open(options(scratch, clock)));
    CHECK(read_file(path) == content);
    event::JournalReader reader{scratch.path("journal")};
    std::vector<std::uint64_t> bad;
    reader.on_bad = [&](const event::Cursor& where, std::string_view) {
        bad.push_back(where.offset);
    };
    CHECK(numbers(reader) == std::vector<std::int64_t>{1, 3});
    CHECK(bad == std::vector<std::uint64_t>{line(1).size(), line(1).size() + wrong.size()});
}

TEST_CASE("an unfinished line waits for its end, and is left behind once a newer segment exists") {
    const Scratch scratch;
    fs::create_directory(scratch.path("journal"));
    const auto path = scratch.path("journal/20261124T103000Z-000001.jsonl");
    write_file(path, line(1) + line(2).substr(0, 20));
    event::JournalReader reader{scratch.path("journal")};
    int bad = 0;
    reader.on_bad = [&](const event::Cursor&, std::string_view) { ++bad; };
    CHECK(numbers(reader) == std::vector<std::int64_t>{1});
    CHECK(numbers(reader).empty());
    write_file(path, line(1) + line(3) + line(4).substr(0, 30)); // the tail changed meanwhile
    CHECK(numbers(reader) == std::vector<std::int64_t>{3});
    CHECK(bad == 0);
    write_file(scratch.path("journal/20261124T103001Z-000002.jsonl"), line(5));
    CHECK(numbers(reader) == std::vector<std::int64_t>{5});
    CHECK(bad == 1);
}

TEST_CASE("a line over the longest length is skipped as one") {
    const Scratch scratch;
    fs::create_directory(scratch.path("journal"));
    write_file(scratch.path("journal/20261124T103000Z-000001.jsonl"),
               line(1) + std::string(3 * event::journal_line_bytes_max, 'x') + '\n' + line(2));
    event::JournalReader reader{scratch.path("journal")};
    int bad = 0;
    reader.on_bad = [&](const event::Cursor&, std::string_view) { ++bad; };
    CHECK(numbers(reader) == std::vector<std::int64_t>{1, 2});
    CHECK(bad == 1);
}

TEST_CASE("whatever a crash leaves of a compression, one good copy of each line remains") {
    const Scratch scratch;
    const TestClock clock;
    auto journal = Journal::open(options(scratch, clock));
    REQUIRE(journal);
    std::string content;
    for (int i = 0; i < 200; ++i)
        content += line(i);
    REQUIRE(journal->append(content));
    const auto name = journal->segment();
    const auto plain = scratch.path("journal/" + name);
    const auto packed = plain + ".zst";
    const auto directory = open_directory(scratch.path("journal"));
    REQUIRE(directory);
    REQUIRE(compress_segment(directory->get(), name));
    CHECK_FALSE(fs::exists(plain));
    const auto packed_bytes = read_file(packed);

    const auto recovered = [&] {
        REQUIRE(Journal::open(options(scratch, clock)));
        CHECK(files(scratch).size() == 1);
        event::JournalReader reader{scratch.path("journal")};
        CHECK(numbers(reader).size() == 200);
    };
    for (std::size_t cut = 0; cut <= packed_bytes.size(); cut += 97) {
        fs::remove(packed);
        write_file(plain, content);
        write_file(packed + ".tmp", packed_bytes.substr(0, cut)); // while it is written
        recovered();
        CHECK(fs::exists(plain));
        write_file(packed, packed_bytes.substr(0, cut)); // a disk that lied about fsync
        recovered();
    }
    write_file(plain, content); // after the rename, before the plain one went
    write_file(packed, packed_bytes);
    recovered();
    CHECK_FALSE(fs::exists(plain));
}

namespace {

int failures_left = 0;
int failure_errno = 0;

ssize_t failing_write(int fd, const void* bytes, std::size_t count, off_t offset) {
    if (failures_left <= 0) return ::pwrite(fd, bytes, count, offset);
    if (--failures_left > 0) return ::pwrite(fd, bytes, (count + 1) / 2, offset);
    errno = failure_errno;
    return -1;
}

int failing_sync(int fd) {
    if (failures_left <= 0) return ::fdatasync(fd);
    --failures_left;
    errno = EIO;
    return -1;
}

} // namespace

TEST_CASE("lines that met a full disk or a failed sync are there once when they are given again") {
    const Scratch scratch;
    TestClock clock;
    auto wanted = options(scratch, clock);
    wanted.calls = {.write_at = failing_write, .sync = ::fdatasync};
    auto journal = Journal::open(wanted);
    REQUIRE(journal);
    REQUIRE(journal->append(line(1)));
    failures_left = 3; // two short writes, then an error
    failure_errno = ENOSPC;
    const auto lost = journal->append(line(2) + line(3));
    REQUIRE_FALSE(lost);
    CHECK(lost.error().kind() == Fault::over_limit);
    clock.time += 1'000'000; // no rotation while lines are owed
    REQUIRE(journal->append(line(2) + line(3)));

    wanted.calls = {.write_at = ::pwrite, .sync = failing_sync};
    auto next = Journal::open(wanted);
    REQUIRE(next);
    failures_left = 1;
    REQUIRE_FALSE(next->append(line(4)));
    REQUIRE(next->append(line(4)));
    event::JournalReader reader{scratch.path("journal")};
    CHECK(numbers(reader) == std::vector<std::int64_t>{1, 2, 3, 4});
}
