// A cell's life: its files come back, its processes stay, a hung-up terminal ends the shell.
#include "cell/can_run.hpp"
#include "cell/harness.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

using namespace skep;
using namespace skep::cell;
using test::can_run;

namespace {

bool has(const test::TestCell& cell, std::string_view eventid) {
    return std::ranges::any_of(cell.events,
                               [&](const auto& event) { return event.eventid() == eventid; });
}

} // namespace

TEST_CASE(
    "files and processes are there for the next session, files also after the cell was killed") {
    if (!can_run()) return;
    test::TestCells cells;
    REQUIRE(cells.error.empty());
    auto cell = cells.launch(1);
    REQUIRE(cell.open("root") == "");
    CHECK(has(cell, "cell.created"));
    cell.run("echo kept > /root/note; (trap '' HUP; exec sleep 1000) &");
    cell.type("exit\n");
    REQUIRE(cell.await([&] { return cell.closed; }));
    REQUIRE(cell.open("root") == "");
    CHECK(has(cell, "cell.resumed"));
    CHECK(cell.run("cat /root/note; ps | grep -c '[s]leep 1000'") == "kept\n1\n");
    cell.stop();
    auto again = cells.launch(1);
    REQUIRE(again.open("root") == "");
    CHECK(has(again, "cell.resumed"));
    CHECK_FALSE(has(again, "cell.created"));
    CHECK(again.run("cat /root/note; ps | grep -c '[s]leep 1000'") == "kept\n0\n");
    again.stop();
}

TEST_CASE("another source gets another cell") {
    if (!can_run()) return;
    test::TestCells cells;
    auto one = cells.launch(1);
    auto two = cells.launch(2);
    REQUIRE(one.open("root") == "");
    REQUIRE(two.open("root") == "");
    one.run("echo mine > /tmp/file");
    CHECK(two.run("cat /tmp/file").contains("No such file"));
    one.stop();
    two.stop();
}

TEST_CASE("closing the terminal hangs up, exit tells its status") {
    if (!can_run()) return;
    test::TestCells cells;
    auto cell = cells.launch(1);
    REQUIRE(cell.open("root") == "");
    cell.type("exit 3\n");
    REQUIRE(cell.await([&] { return cell.closed; }));
    CHECK(cell.status == 3);
    REQUIRE(cell.open("root") == "");
    cell.hang_up();
    REQUIRE(cell.await([&] { return cell.closed; }));
    CHECK(cell.status != 0);
    cell.stop();
}

TEST_CASE("the machine is the persona's") {
    if (!can_run()) return;
    test::TestCells cells;
    const auto& persona = cells.persona("router");
    auto cell = cells.launch(1);
    REQUIRE(cell.open("root") == "");
    CHECK(cell.run("uname -snrvm") == "Linux " + persona.hostname + ' ' + persona.kernel_release +
                                          ' ' + persona.kernel_version + ' ' + persona.machine +
                                          '\n');
    CHECK(cell.run("cat /proc/version") == persona.proc_version + '\n');
    CHECK(cell.run("cat /proc/cmdline") == persona.cmdline + '\n');
    const auto cpus = std::to_string(persona.cpus) + '\n';
    CHECK(cell.run("nproc; grep -c ^processor /proc/cpuinfo; grep -c '^cpu[0-9]' /proc/stat; ls -d "
                   "/sys/devices/system/cpu/cpu[0-9]* | wc -l") == cpus + cpus + cpus + cpus);
    CHECK(cell.run("grep MemTotal /proc/meminfo").contains(std::to_string(persona.memory_kib)));
    CHECK(cell.run("ifconfig eth0").contains(persona.address.substr(0, persona.address.find('/'))));
    const auto up = std::stol(cell.run("cut -d. -f1 /proc/uptime"));
    CHECK(std::abs(up - (system_clock().now() / 1000000 - persona.boot_time)) < 5);
    CHECK(cell.run("grep btime /proc/stat") == "btime " + std::to_string(persona.boot_time) + '\n');
    CHECK(cell.run("cat /proc/mounts | wc -l; mount | wc -l; cat /proc/self/mounts | wc -l") ==
          "5\n5\n5\n");
    CHECK(cell.run("ls -l /dev/null /proc/cpuinfo | grep -c 'root *root'") == "2\n");
    CHECK(cell.run("readlink /proc/1/exe; cat /proc/1/comm") == "/sbin/init\ninit\n");
    CHECK(cell.run("touch /proc/x 2>&1; mkdir /sys/y 2>&1; grep -c Seccomp:.0 /proc/self/status")
              .contains("1\n"));
    CHECK(cell.run("hostname changed; uname -n") == "changed\n");
    cell.stop();
}

TEST_CASE("nothing outside of the cell answers") {
    if (!can_run()) return;
    test::TestCells cells;
    auto cell = cells.launch(1);
    REQUIRE(cell.open("root") == "");
    CHECK(cell.run("nc 192.0.2.1 80 2>&1 < /dev/null").contains("Connection refused"));
    CHECK(cell.run("nc 127.0.0.1 1 2>&1 < /dev/null").contains("Connection refused"));
    CHECK(cell.run("(echo pong | nc -l -p 4000 &) ; sleep 0.3; nc 127.0.0.1 4000") == "pong\n");
    cell.stop();
}

TEST_CASE("what runs on after its session makes way for everything else") {
    if (!can_run()) return;
    test::TestCells cells;
    auto cell = cells.launch(1);
    REQUIRE(cell.open("root") == "");
    // The 41st field is the policy (proc(5)): 5 is SCHED_IDLE.
    const std::string policy = "cut -d' ' -f41 /proc/$(pidof sleep | cut -d' ' -f1)/stat";
    cell.run("(trap '' HUP; while :; do sleep 1000; done) & sleep 0");
    CHECK(cell.run(policy) == "0\n");
    cell.type("exit\n");
    REQUIRE(cell.await([&] { return cell.closed; }));
    REQUIRE(cell.open("root") == "");
    std::string now;
    for (int i = 0; i < 50 && now != "5\n"; ++i)
        now = cell.run("usleep 100000; " + policy);
    CHECK(now == "5\n");
    CHECK(cell.run("cut -d' ' -f41 /proc/$$/stat") == "0\n");
    if (std::filesystem::exists("/proc/self/autogroup")) {
        const std::string weight = "sed 's/.* //' /proc/$(pidof sleep | cut -d' ' -f1)/autogroup";
        for (int i = 0; i < 50 && now != "19\n"; ++i)
            now = cell.run("usleep 100000; " + weight);
        CHECK(now == "19\n");
        CHECK(cell.run("sed 's/.* //' /proc/$$/autogroup") == "0\n");
    }
    cell.stop();
}
