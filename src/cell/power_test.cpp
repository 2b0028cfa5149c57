#include "cell/power.hpp"

#include <catch2/catch.hpp>

using skep::cell::ends_machine;

TEST_CASE("which programs end the machine") {
    struct Row {
        const char* program;
        std::vector<std::string> arguments;
        bool ends;
    };

    const std::vector<Row> rows{
        {"/usr/bin/systemctl", {"reboot"}, true},
        {"/usr/bin/systemctl", {"/sbin/reboot", "-f"}, true},
        {"/usr/bin/systemctl", {"reboot", "--help"}, false},
        {"/usr/bin/systemctl", {"shutdown", "-r", "now"}, true},
        {"/usr/bin/systemctl", {"shutdown", "-h", "+0"}, true},
        {"/usr/bin/systemctl", {"shutdown", "-r", "+5"}, false},
        {"/usr/bin/systemctl", {"shutdown", "-c", "now"}, false},
        {"/usr/bin/systemctl", {"systemctl", "-i", "poweroff"}, true},
        {"/usr/bin/systemctl", {"systemctl", "status", "reboot.target"}, false},
        {"/usr/lib/systemd/systemd", {"init", "6"}, true},
        {"/usr/lib/systemd/systemd", {"init", "q"}, false},
        {"/bin/busybox", {"reboot"}, true},
        {"/bin/busybox", {"/bin/busybox", "reboot"}, true},
        {"/bin/busybox", {"busybox"}, false},
        {"/bin/busybox", {"echo", "reboot"}, false},
        {"/usr/bin/echo", {"reboot"}, false},
        {"/usr/bin/echo", {}, false},
    };
    for (const auto& row : rows) {
        CAPTURE(row.program, row.arguments);
        CHECK(ends_machine(row.program, row.arguments) == row.ends);
    }
}
