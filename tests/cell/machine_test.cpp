// The machine that a cell shows: its processes, its server's, its connections.
#include "cell/can_run.hpp"
#include "cell/harness.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

using namespace skep;
using namespace skep::cell;
using test::can_run;

namespace {

const std::string no_failure;

bool has_image(const std::string& name) {
    if (std::filesystem::exists(SKEP_BUILT_IMAGES "/" + name + "/manifest.json")) return true;
    WARN("skipped: the image " << name << " is not built");
    return false;
}

/// As TestCell::open, over SSH.
std::string open_ssh(test::TestCell& cell) {
    process::CellRequest request;
    request.protocol = "ssh";
    request.username = "root";
    request.term = "dumb";
    auto failure = cell.start(std::move(request));
    cell.type("PS1='@''@ '; stty -echo 2>/dev/null\n");
    cell.read_until("@@ ");
    cell.type("\n");
    cell.read_until("@@ ");
    return failure;
}

} // namespace

TEST_CASE("BusyBox lists the machine's processes and the session's server") {
    if (!can_run()) return;
    test::TestCells cells;
    REQUIRE(cells.error.empty());
    auto cell = cells.launch(1);
    REQUIRE(cell.open("root") == no_failure);
    const auto list = cell.run("ps");
    CHECK(list.contains("[kthreadd]"));
    CHECK(list.contains("/usr/sbin/dropbear -F -P "));
    CHECK(list.contains("udhcpc -p /var/run/udhcpc"));
    CHECK(list.contains("/sbin/init"));
    // The shell's parent is the telnetd that serves it, and there is no other one.
    CHECK(cell.run("ps | grep -c '[t]elnetd'; tr '\\0' ' ' < /proc/$PPID/cmdline; echo; "
                   "readlink /proc/$PPID/exe") ==
          "1\n/usr/sbin/telnetd -F -l /bin/login.sh \n/usr/sbin/telnetd\n");
    // They ended their start long ago, one after the other.
    CHECK(cell.run("cut -d' ' -f22 /proc/1/stat; cut -d' ' -f22 /proc/2/stat; "
                   "[ $(cut -d' ' -f22 /proc/$(pidof dropbear)/stat) -gt 400 ] && echo later") ==
          "0\n0\nlater\n");
    CHECK(cell.run("for f in stat status; do wc -w < /proc/2/$f; done; head -c 9 /proc/2/stat") ==
          "52\n85\n2 (kthrea");
    cell.stop();
}

TEST_CASE("a made-up process can be looked at and killed") {
    if (!can_run()) return;
    test::TestCells cells;
    auto cell = cells.launch(1);
    REQUIRE(open_ssh(cell) == no_failure);
    CHECK(cell.run("pid=$(pidof udhcpc); ls -d /proc/$pid; cat /proc/$pid/comm; readlink "
                   "/proc/$pid/exe; kill -0 $pid && echo there")
              .contains("udhcpc\n/sbin/udhcpc\nthere\n"));
    CHECK(cell.run(
              "kill -9 $pid; echo $?; kill -9 $pid 2>&1 | grep -c 'No such process'; ps | grep "
              "-c '[u]dhcpc'; ls -d /proc/$pid 2>&1 | grep -c 'No such file'") == "0\n1\n0\n1\n");
    CHECK(cell.run("kill -9 2; echo $?; ps | grep -c '[k]threadd'") == "0\n1\n");
    CHECK(cell.run("killall -9 dnsmasq; ps | grep -c '[d]nsmasq'") == "0\n");
    cell.stop();
}

TEST_CASE("walkers get through /proc") {
    if (!can_run()) return;
    test::TestCells cells;
    auto cell = cells.launch(1);
    REQUIRE(cell.open("root") == no_failure);
    CHECK(cell.run("find /proc -maxdepth 2 -name comm 2>&1 | grep -c ^/proc/1/comm; find / -name "
                   "passwd -maxdepth 2 2>&1") == "1\n/etc/passwd\n");
    CHECK(cell.run(
              "cd /proc; ls -1 -d 1 2 self; cat 1/comm; cd; for d in /proc/[0-9]*; do [ -d $d ] && "
              "cat $d/comm; done | grep -c 'kthreadd\\|dropbear\\|^init'") ==
          "1\n2\nself\ninit\n3\n");
    // A process that has ended is listed no longer.
    cell.run("sh -c 'echo $$ > /tmp/pid'");
    CHECK(cell.run("ls -d /proc/[0-9]* | grep -c /$(cat /tmp/pid)$") == "0\n");
    cell.stop();
}

TEST_CASE("the connection is in the tables of the network") {
    if (!can_run()) return;
    test::TestCells cells;
    auto cell = cells.launch(1);
    REQUIRE(open_ssh(cell) == no_failure);
    const auto own =
        cells.persona("router").address.substr(0, cells.persona("router").address.find('/'));
    const auto list = cell.run("netstat -tn | grep EST | tr -s ' '");
    CHECK(list == "tcp 0 0 " + own + ":22 192.0.2.7:4711 ESTABLISHED \n");
    CHECK(cell.run("netstat -tln | grep -c ':22 \\|:23 \\|:53 \\|:80 '") == "8\n");
    CHECK(cell.run("readlink /proc/$(pidof uhttpd)/fd/3 | cut -d: -f1") == "socket\n");
    cell.stop();
}

TEST_CASE("Debian's tools agree on who runs what", "[.image]") {
    if (!can_run() || !has_image("debian")) return;
    test::TestCells cells{{}, {}, {"debian"}, SKEP_BUILT_IMAGES};
    REQUIRE(cells.error == no_failure);
    auto cell = cells.launch(1, "debian");
    REQUIRE(open_ssh(cell) == no_failure);
    CHECK(cell.run("ps -o comm= -p 1,2") == "systemd\nkthreadd\n");
    CHECK(cell.run("ps -o args= -p $PPID; ps -o comm= -p $(ps -o ppid= -p $PPID)") ==
          "sshd: root@pts/0\nsshd\n");
    CHECK(cell.run("ps auxf | grep -c '\\\\_ [s]shd: root@pts/0'; pstree -a | grep -c '[s]shd'") ==
          "1\n2\n");
    CHECK(cell.run("ps aux | awk '{print $2}' | tail -n +2 | sort -n -C && echo sorted") ==
          "sorted\n");
    CHECK(std::stoi(cell.run("ps -eo lstart= | sort -u | wc -l")) > 5);
    CHECK(cell.run("ss -tnp | tail -n +2 | tr -s ' '")
              .contains("192.0.2.7:4711 users:((\"sshd\",pid="));
    CHECK(cell.run("netstat -tlnp | grep -c '0.0.0.0:22 .*sshd'") == "1\n");
    CHECK(
        cell.run("cat /proc/$PPID/cgroup; find /proc -maxdepth 1 -name 2; ls /proc/2 | head -1") ==
        "0::/system.slice/ssh.service\n/proc/2\narch_status\n");
    CHECK(cell.run("who -b | tr -s ' ' | cut -d' ' -f2,3") == "system boot\n");
    CHECK(cell.run("top -bn1 | grep -c kthreadd; uptime | grep -c '1 user'; who | tr -s ' ' | cut "
                   "-d' ' -f1,2,5") == "1\n1\nroot pts/0 (192.0.2.7)\n");
    cell.type("exit 7\n");
    REQUIRE(cell.await([&] { return cell.closed; }));
    CHECK(cell.status == 7);
    cell.stop();
}

TEST_CASE("a restart ends the machine, which comes back with its files and a new uptime") {
    if (!can_run()) return;
    test::TestCells cells;
    for (const std::string command : {"reboot", "busybox halt", "poweroff -f"}) {
        CAPTURE(command);
        auto cell = cells.launch(1);
        REQUIRE(cell.open("root") == no_failure);
        cell.run("echo kept > /root/note");
        cell.type(command + "\n");
        CHECK(cell.await([&] {
            return std::ranges::any_of(
                cell.events, [](const auto& event) { return event.eventid() == "cell.restarted"; });
        }));
        cell.await([] { return false; }, std::chrono::seconds{3});
        auto again = cells.launch(1);
        REQUIRE(again.open("root") == no_failure);
        CHECK(again.run("cat /root/note; [ $(cut -d. -f1 /proc/uptime) -lt 100 ] && echo fresh") ==
              "kept\nfresh\n");
        CHECK(again.run("ps | grep -c '[u]dhcpc'; [ $$ -lt 1500 ] && echo low") == "1\nlow\n");
        again.stop();
    }
}
