#include "recorder/auth_memory.hpp"
#include "recorder/testing.hpp"

using namespace skep;
using namespace skep::recorder;
using namespace skep::recorder::testing;

namespace {

RememberedLogin login(int number) {
    return {"203.0.113." + std::to_string(number), "root", std::string{"\xff\n", 2}};
}

std::string add(AuthMemory& memory, const RememberedLogin& entry) {
    const auto line = memory.add(entry, 0);
    REQUIRE(line);
    return line->value_or("");
}

} // namespace

TEST_CASE("a remembered login is in the file once and comes back exactly") {
    const Scratch scratch;
    AuthMemory memory{100};
    {
        auto file = AuthFile::open(scratch.path("auth"));
        REQUIRE(file);
        REQUIRE(file->append(system_files(), add(memory, login(1)) + add(memory, login(2))));
        CHECK(add(memory, login(1)).empty());
        REQUIRE(file->append(system_files(), add(memory, login(3))));
    }
    const auto file = AuthFile::open(scratch.path("auth"));
    REQUIRE(file);
    AuthMemory again{100};
    const auto lines = file->read();
    REQUIRE(lines);
    CHECK(again.load(*lines));
    REQUIRE(again.entries().size() == 3);
    CHECK(again.entries()[0].password == login(1).password);
    CHECK(again.entries()[2].source == login(3).source);
    AuthMemory torn{100};
    CHECK_FALSE(torn.load(std::string_view{*lines}.substr(0, lines->size() - 1)));
    CHECK(torn.entries().size() == 2);
}

TEST_CASE("fields cannot be shifted into one another") {
    AuthMemory memory{100};
    CHECK_FALSE(add(memory, {"a", "bc", "d"}).empty());
    CHECK_FALSE(add(memory, {"a", "b", "cd"}).empty());
    CHECK_FALSE(add(memory, {"ab", "c", "d"}).empty());
    CHECK(memory.entries().size() == 3);
    CHECK_FALSE(memory.add({"", "root", "x"}, 0));
    CHECK_FALSE(memory.add({"a", std::string(4097, 'x'), "x"}, 0));
    CHECK(memory.add({"a", std::string(4096, 'x'), "x"}, 0));
}

TEST_CASE("auth_memory_entries: the oldest go, and the file is made small again") {
    const Scratch scratch;
    AuthMemory memory{3};
    auto file = AuthFile::open(scratch.path("auth"));
    REQUIRE(file);
    for (int i = 1; i <= 6; ++i)
        REQUIRE(file->append(system_files(), add(memory, login(i))));
    CHECK(memory.entries().size() == 3);
    CHECK(memory.entries().front().source == login(4).source);
    CHECK_FALSE(memory.wants_compaction());
    CHECK_FALSE(add(memory, login(1)).empty()); // forgotten, so new
    CHECK(memory.wants_compaction());
    REQUIRE(file->replace(memory.compacted(0)));
    CHECK_FALSE(memory.wants_compaction());
    REQUIRE(file->append(system_files(), add(memory, login(9))));
    const auto lines = file->read();
    REQUIRE(lines);
    AuthMemory again{3};
    CHECK(again.load(*lines));
    CHECK(again.entries().front().source == login(6).source);
    CHECK(again.entries().back().source == login(9).source);
}
