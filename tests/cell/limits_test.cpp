// Every limit of a cell, driven to its edge from inside.
#include "cell/can_run.hpp"
#include "cell/harness.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace skep;
using namespace skep::cell;
using test::can_run;

namespace {

/// A router cell with these limits and a shell of root.
struct Limited {
    test::TestCells cells;
    test::TestCell cell = cells.launch(1);

    explicit Limited(CellLimits limits) : cells{limits} {
        REQUIRE(cells.error.empty());
        REQUIRE(cell.open("root") == "");
    }
};

} // namespace

TEST_CASE("limits.cell_processes bounds all processes of a cell together") {
    if (!can_run()) return;
    Limited place{{.processes = 12}};
    const auto said = place.cell.run(
        "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sleep 5 & done; echo; jobs | wc -l");
    CHECK(said.contains("can't fork"));
    // Another cell has its own count.
    auto other = place.cells.launch(2);
    REQUIRE(other.open("root") == "");
    CHECK(other.run("sleep 0; (echo sub)") == "sub\n");
    other.stop();
    place.cell.stop();
}

TEST_CASE("limits.cell_memory_bytes bounds the address space of a process") {
    if (!can_run()) return;
    Limited place{{.memory_bytes = 32 * 1024 * 1024}};
    CHECK(place.cell.run("dd if=/dev/zero of=/dev/null bs=16M count=1 2>&1")
              .contains("1+0 records out"));
    CHECK_FALSE(place.cell.run("dd if=/dev/zero of=/dev/null bs=64M count=1 2>&1; echo rc=$?")
                    .contains("rc=0"));
    place.cell.stop();
}

TEST_CASE("limits.cell_memory_bytes bounds what all processes of a cell hold") {
    if (!can_run()) return;
    Limited place{{.memory_bytes = 48 * 1024 * 1024}};
    // Each dd holds 20 MiB until its reader wakes up: the third is one too many.
    const auto said =
        place.cell.run("for i in 1 2 3 4; do dd if=/dev/zero bs=20M count=1 2>/dev/null | "
                       "(sleep 3; wc -c) & done; wait");
    int whole = 0;
    for (auto at = said.find("20971520"); at != std::string::npos;
         at = said.find("20971520", at + 1))
        ++whole;
    CHECK(whole >= 1);
    CHECK(whole <= 2);
    place.cell.listen(std::chrono::milliseconds{500});
    CHECK(std::ranges::any_of(place.cell.events, [](const auto& event) {
        return event.eventid() == "skep.limit" && event.text_of("name") == "cell_memory_bytes";
    }));
    place.cell.stop();
}

TEST_CASE("limits.cell_disk_bytes bounds what a cell writes") {
    if (!can_run()) return;
    Limited place{{.disk_bytes = 4 * 1024 * 1024}};
    CHECK_FALSE(place.cell.run("dd if=/dev/zero of=/tmp/one bs=1M count=8 2>&1; echo rc=$?")
                    .contains("rc=0"));
    CHECK(place.cell
              .run("dd if=/dev/zero of=/tmp/two bs=1M count=2 2>&1; sleep 4; echo x > /tmp/three; "
                   "echo rc=$?")
              .contains("No space left"));
    place.cell.stop();
}

TEST_CASE("limits.cell_files bounds how many files a cell makes") {
    if (!can_run()) return;
    Limited place{{.files = 40}};
    place.cell.run("i=0; while [ $i -lt 60 ]; do : > /tmp/f$i; i=$((i+1)); done");
    CHECK(place.cell.run("sleep 4; : > /tmp/more").contains("No space left"));
    place.cell.stop();
}

TEST_CASE("limits.cell_open_files bounds the descriptors of a process") {
    if (!can_run()) return;
    Limited place{{.open_files = 32}};
    CHECK(place.cell.run("for i in 1 2 3 4 5 6 7 8 9; do eval \"exec $i$i</dev/null\"; done 2>&1")
              .contains("Bad file descriptor"));
    place.cell.stop();
}

TEST_CASE("limits.cell_cpu_seconds ends a process that computes too long") {
    if (!can_run()) return;
    Limited place{{.cpu_seconds = 1}};
    CHECK(place.cell.run("(while :; do :; done); echo rc=$?", std::chrono::seconds{60})
              .contains("rc=137"));
    place.cell.stop();
}

TEST_CASE("limits.cell_sessions bounds the shells in one cell") {
    if (!can_run()) return;
    Limited place{{.sessions = 2}};
    CHECK(place.cell.open("root") == "");
    CHECK(place.cell.open("root") == "limits.cell_sessions");
    place.cell.stop();
}

TEST_CASE("limits.artifact_bytes: of a larger file only the event is kept") {
    if (!can_run()) return;
    Limited place{{.artifact_bytes = 1000}};
    place.cell.run("head -c 1000 /dev/zero > /tmp/fits; head -c 1001 /dev/zero > /tmp/over; rm "
                   "/tmp/fits /tmp/over");
    CHECK(place.cell.await([&] { return place.cell.kept(std::string(1000, '\0')); }));
    CHECK(place.cell.await([&] {
        return std::ranges::any_of(place.cell.events, [](const auto& event) {
            return event.eventid() == "file.dropped" && event.text_of("destfile") == "/tmp/over" &&
                   event.text_of("reason") == "artifact_bytes";
        });
    }));
    CHECK(place.cell.files.size() == 1);
    place.cell.stop();
}
