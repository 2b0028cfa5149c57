// Tables: Debian 12 on a virtual machine with kernel 6.1, and OpenWrt 22.03.
#include "cell/machine_process.hpp"

#include "cell/fabricate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace skep::cell {
namespace {

using persona::Persona;

constexpr std::int64_t console = 4 << 8;       // tty_nr of /dev/tty0; tty1 is one more
constexpr std::int64_t serial = (4 << 8) + 64; // of /dev/ttyS0

std::string words(std::string_view text) {
    std::string out{text};
    std::ranges::replace(out, ' ', '\0');
    out += '\0';
    return out;
}

/// A title that its process has set: one word.
std::string title(std::string_view text) {
    return std::string{text} + '\0';
}

struct KernelThread {
    pid_t pid;
    std::string_view name;
    std::int64_t busy = 0;
};

/// Those before the further processors', with the numbers that Debian's kernel gives them.
constexpr std::array kernel_first{
    KernelThread{2, "kthreadd", 1},
    KernelThread{3, "rcu_gp"},
    KernelThread{4, "rcu_par_gp"},
    KernelThread{5, "slub_flushwq"},
    KernelThread{6, "netns"},
    KernelThread{8, "kworker/0:0H-events_highpri"},
    KernelThread{10, "mm_percpu_wq"},
    KernelThread{11, "rcu_tasks_kthread"},
    KernelThread{12, "rcu_tasks_rude_kthread"},
    KernelThread{13, "rcu_tasks_trace_kthread"},
    KernelThread{14, "ksoftirqd/0", 40},
    KernelThread{15, "rcu_preempt", 310},
    KernelThread{16, "migration/0", 22},
    KernelThread{18, "cpuhp/0"},
};

/// Those after them; the number is counted from the last one before.
constexpr std::array kernel_last{
    KernelThread{3, "kdevtmpfs"},       KernelThread{1, "inet_frag_wq"},
    KernelThread{1, "kauditd"},         KernelThread{1, "khungtaskd", 9},
    KernelThread{1, "oom_reaper"},      KernelThread{1, "writeback"},
    KernelThread{2, "kcompactd0", 60},  KernelThread{1, "ksmd"},
    KernelThread{1, "khugepaged", 18},  KernelThread{1, "kintegrityd"},
    KernelThread{1, "kblockd"},         KernelThread{1, "blkcg_punt_bio"},
    KernelThread{1, "tpm_dev_wq"},      KernelThread{1, "edac-poller"},
    KernelThread{1, "devfreq_wq"},      KernelThread{2, "kworker/0:1H-kblockd", 35},
    KernelThread{1, "kswapd0", 4},      KernelThread{6, "kthrotld"},
    KernelThread{2, "acpi_thermal_pm"}, KernelThread{2, "mld"},
    KernelThread{1, "ipv6_addrconf"},   KernelThread{5, "kstrp"},
    KernelThread{5, "zswap-shrink"},    KernelThread{1, "kworker/u5:0"},
};

MachineProcess kernel_thread(pid_t pid, std::string name, std::int64_t busy) {
    MachineProcess thread;
    thread.pid = pid;
    thread.parent = pid == 2 ? 0 : 2;
    thread.name = std::move(name);
    thread.busy = busy;
    thread.leads = false;
    return thread;
}

class Machine {
  public:
    Machine(const Persona& persona, std::int64_t now)
        : persona_{persona}, up_{std::max<std::int64_t>(now - persona.boot_time, 60)} {}

    void kernel();
    void debian();
    void openwrt();

    std::vector<MachineProcess> take() {
        std::ranges::sort(processes_, {}, &MachineProcess::pid);
        return std::move(processes_);
    }

  private:
    /// The next process in the order of the boot: `gap` numbers and `wait` hundredths later.
    MachineProcess&
    add(std::string_view program, std::string_view cmdline, pid_t gap, std::int64_t wait);
    void recent(std::string name, pid_t before, std::int64_t seconds);

    const Persona& persona_;
    std::int64_t up_;
    pid_t pid_ = 0;
    std::int64_t start_ = 4;
    std::vector<MachineProcess> processes_;
};

void Machine::recent(std::string name, pid_t before, std::int64_t seconds) {
    const auto pid = static_cast<pid_t>(first_pid(persona_, persona_.boot_time + up_)) - before;
    if (pid < 1000) return;
    auto thread = kernel_thread(pid, std::move(name), 0);
    thread.start = std::max<std::int64_t>(up_ - seconds, 1) * 100 + before;
    processes_.push_back(std::move(thread));
}

void Machine::kernel() {
    for (const auto& row : kernel_first)
        processes_.push_back(kernel_thread(row.pid, std::string{row.name}, row.busy));
    pid_ = kernel_first.back().pid;
    for (std::int64_t cpu = 1; cpu < persona_.cpus; ++cpu) {
        for (const auto* const name : {"cpuhp/{}", "migration/{}", "ksoftirqd/{}"})
            processes_.push_back(kernel_thread(++pid_, fmt::format(fmt::runtime(name), cpu), 20));
        pid_ += 2;
        processes_.push_back(
            kernel_thread(pid_, fmt::format("kworker/{}:0H-events_highpri", cpu), 0));
    }
    for (const auto& row : kernel_last) {
        pid_ += row.pid;
        processes_.push_back(kernel_thread(pid_, std::string{row.name}, row.busy));
    }
    const auto device = persona_.root_device.substr(persona_.root_device.find_last_of('/') + 1);
    pid_ += 40 + static_cast<pid_t>(steady(persona_, "kernel threads", 20));
    for (const auto* const name : {"ata_sff", "scsi_eh_0", "scsi_tmf_0", "scsi_eh_1", "scsi_tmf_1"})
        processes_.push_back(kernel_thread(++pid_, name, 0));
    pid_ += 31;
    auto journal =
        kernel_thread(pid_, fmt::format("jbd2/{}-8", device == "root" ? "sda2" : device), 95);
    journal.start = 130;
    processes_.push_back(std::move(journal));
    auto reserve = kernel_thread(++pid_, "ext4-rsv-conversion", 0);
    reserve.start = 130;
    processes_.push_back(std::move(reserve));
    recent("kworker/u4:2-events_unbound", 61, 2460);
    recent("kworker/0:2-events", 38, 1130);
    recent("kworker/0:0-ata_sff", 17, 512);
    recent("kworker/u4:0-flush-8:0", 9, 196);
    if (persona_.cpus > 1) recent("kworker/1:1-events", 24, 833);
}

MachineProcess&
Machine::add(std::string_view program, std::string_view cmdline, pid_t gap, std::int64_t wait) {
    MachineProcess process;
    pid_ += gap + static_cast<pid_t>(steady(persona_, program, 4));
    start_ += wait + steady(persona_, cmdline, 30);
    process.pid = pid_;
    process.start = start_;
    process.program = program;
    process.name = program.substr(program.find_last_of('/') + 1).substr(0, 15);
    process.cmdline = words(cmdline);
    process.files.assign(3, "/dev/null");
    return processes_.emplace_back(std::move(process));
}

void Machine::debian() {
    MachineProcess init;
    init.pid = 1;
    init.parent = 0;
    init.name = "systemd";
    init.cmdline = words("/sbin/init");
    init.program = "/usr/lib/systemd/systemd";
    init.unit = "/init.scope";
    init.start = 4;
    init.busy = 42;
    init.virtual_kib = 102012 + steady(persona_, "init", 60) * 4;
    init.resident_kib = 11900 + steady(persona_, "init rss", 120) * 4;
    processes_.push_back(init);
    start_ = 170;
    const auto service = [&](std::string_view program, std::string_view cmdline, pid_t gap,
                             std::int64_t wait, std::string_view unit, std::int64_t virtual_kib,
                             std::int64_t resident_kib, std::int64_t busy) -> MachineProcess& {
        auto& process = add(program, cmdline, gap, wait);
        process.unit = unit;
        process.virtual_kib = virtual_kib;
        process.resident_kib = resident_kib + steady(persona_, program, 90) * 4;
        process.busy = busy;
        return process;
    };
    service("/usr/lib/systemd/systemd-journald", "/lib/systemd/systemd-journald", 39, 0,
            "/system.slice/systemd-journald.service", 33100, 12800, 120);
    service("/usr/lib/systemd/systemd-udevd", "/lib/systemd/systemd-udevd", 21, 30,
            "/system.slice/systemd-udevd.service/udev", 26712, 5900, 8);
    auto& clock = service("/usr/lib/systemd/systemd-timesyncd", "/lib/systemd/systemd-timesyncd",
                          48, 90, "/system.slice/systemd-timesyncd.service", 90084, 6400, 11);
    clock.user = "systemd-timesync";
    start_ += 140;
    auto& bus = service("/usr/bin/dbus-daemon",
                        "/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile "
                        "--systemd-activation --syslog-only",
                        62, 40, "/system.slice/dbus.service", 8196, 4300, 9);
    bus.user = "messagebus";
    service("/usr/lib/systemd/systemd-logind", "/lib/systemd/systemd-logind", 4, 3,
            "/system.slice/systemd-logind.service", 16972, 7300, 12);
    start_ += 60;
    auto& getty = service("/usr/sbin/agetty", "/sbin/agetty -o -p -- \\u --noclear - linux", 22, 18,
                          "/system.slice/system-getty.slice/getty@tty1.service", 5876, 980, 0);
    getty.terminal = console + 1;
    if (persona_.cmdline.contains("ttyS0")) {
        auto& line = service(
            "/usr/sbin/agetty",
            "/sbin/agetty -o -p -- \\u --keep-baud 115200,57600,38400,9600 - vt220", 1, 1,
            "/system.slice/system-serial\\x2dgetty.slice/serial-getty@ttyS0.service", 5496, 940, 0);
        line.terminal = serial;
    }
    auto& inetd = service("/usr/sbin/inetutils-inetd", "/usr/sbin/inetutils-inetd", 17, 12,
                          "/system.slice/inetutils-inetd.service", 2572, 940, 1);
    inetd.files.push_back(fmt::format("socket:[{}]", listening_inode(persona_, 23)));
    auto& ssh =
        service("/usr/sbin/sshd", "sshd", 14, 25, "/system.slice/ssh.service", 15436, 8800, 5);
    ssh.cmdline = title("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups");
    constexpr std::array<std::uint16_t, 2> ports{22, 10022};
    for (const auto port : ports) // of IPv4 and of IPv6
        ssh.files.push_back(fmt::format("socket:[{}]", listening_inode(persona_, port)));
}

void Machine::openwrt() {
    MachineProcess init;
    init.pid = 1;
    init.parent = 0;
    init.name = "init";
    init.cmdline = words("/sbin/init");
    init.program = "/sbin/init";
    init.busy = 30;
    init.virtual_kib = 1580;
    init.resident_kib = 1124;
    processes_.push_back(init);
    start_ = 420;

    struct Row {
        std::string_view program, cmdline;
        pid_t gap;
        std::int64_t wait, virtual_kib, busy;
        std::uint16_t port;
    };

    constexpr std::array rows{
        Row{"/sbin/ubusd", "/sbin/ubusd", 58, 0, 1268, 40, 0},
        Row{"/sbin/askfirst", "/sbin/askfirst /usr/libexec/login.sh", 1, 2, 712, 0, 0},
        Row{"/sbin/urngd", "/sbin/urngd", 34, 70, 1012, 4, 0},
        Row{"/sbin/logd", "/sbin/logd -S 64", 380, 410, 1236, 22, 0},
        Row{"/sbin/rpcd", "/sbin/rpcd -s /var/run/ubus/ubus.sock -t 30", 53, 60, 1908, 31, 0},
        Row{"/usr/sbin/dropbear",
            "/usr/sbin/dropbear -F -P /var/run/dropbear.1.pid -p 22 -K 300 -T 3", 224, 140, 1072, 3,
            22},
        Row{"/usr/sbin/telnetd", "/usr/sbin/telnetd -F -l /bin/login.sh", 43, 32, 1228, 1, 23},
        Row{"/sbin/netifd", "/sbin/netifd", 121, 92, 1924, 66, 0},
        Row{"/usr/sbin/crond", "/usr/sbin/crond -f -c /etc/crontabs -l 5", 64, 71, 1220, 12, 0},
        Row{"/usr/sbin/uhttpd",
            "/usr/sbin/uhttpd -f -h /www -r OpenWrt -x /cgi-bin -t 60 -T 30 -k 20 -A 1 -n 3 -N 100 "
            "-R -p 0.0.0.0:80 -p [::]:80",
            117, 104, 1540, 5, 80},
        Row{"/sbin/udhcpc",
            "udhcpc -p /var/run/udhcpc-eth1.pid -s /lib/netifd/dhcp.script -f -t 0 -i eth1 -x "
            "hostname:OpenWrt -C -R -O 121",
            88, 210, 1232, 7, 0},
        Row{"/usr/sbin/odhcpd", "/usr/sbin/odhcpd", 260, 120, 1296, 33, 0},
        Row{"/usr/sbin/dnsmasq",
            "/usr/sbin/dnsmasq -C /var/etc/dnsmasq.conf.cfg01411c -k -x "
            "/var/run/dnsmasq/dnsmasq.cfg01411c.pid",
            401, 180, 1296, 70, 53},
        Row{"/usr/sbin/ntpd",
            "/usr/sbin/ntpd -n -N -S /usr/sbin/ntpd-hotplug -p 0.openwrt.pool.ntp.org -p "
            "1.openwrt.pool.ntp.org",
            62, 90, 1220, 9, 0},
    };
    for (const auto& row : rows) {
        auto& process = add(row.program, row.cmdline, row.gap, row.wait);
        process.virtual_kib = row.virtual_kib;
        process.resident_kib = row.virtual_kib * 3 / 4;
        process.busy = row.busy;
        if (row.program.ends_with("dnsmasq")) process.user = "dnsmasq";
        if (row.port != 0)
            process.files.push_back(
                fmt::format("socket:[{}]", listening_inode(persona_, row.port)));
    }
}

} // namespace

std::vector<MachineProcess> machine_processes(const Persona& persona, std::int64_t now) {
    Machine machine{persona, now};
    machine.kernel();
    if (persona.image == "router")
        machine.openwrt();
    else
        machine.debian();
    return machine.take();
}

unsigned first_pid(const Persona& persona, std::int64_t now) {
    unsigned hash = 0;
    for (const char byte : persona.hostname + persona.mac)
        hash = hash * 31 + static_cast<unsigned char>(byte);
    const auto since_boot = 720 + std::max<std::int64_t>(now - persona.boot_time, 0) / 20;
    return static_cast<unsigned>(std::min<std::int64_t>(1500 + hash % 20000, since_boot));
}

std::vector<MachineProcess>
session_servers(const Persona& persona, const Visit& visit, std::size_t count) {
    std::vector<MachineProcess> servers(count);
    const bool small = persona.image == "router";
    const bool ssh = visit.protocol == "ssh";
    for (std::size_t i = 0; i < count; ++i) {
        auto& one = servers[i];
        const bool inner = i + 1 == count;
        one.files = {"/dev/null", "/dev/null", "/dev/null",
                     fmt::format("socket:[{}]", connection_inode(persona, visit))};
        one.virtual_kib = small ? 1140 : ssh ? 17972 : inner ? 6412 : 2816;
        one.resident_kib = small ? 880 : ssh ? 10896 : inner ? 4120 : 1908;
        one.busy = 60;
        if (small) {
            one.name = ssh ? "dropbear" : "telnetd";
            one.program = "/usr/sbin/" + one.name;
            one.cmdline =
                words(ssh ? "/usr/sbin/dropbear -F -P /var/run/dropbear.1.pid -p 22 -K 300 -T 3"
                          : "/usr/sbin/telnetd -F -l /bin/login.sh");
            if (!ssh) one.files.push_back(fmt::format("socket:[{}]", listening_inode(persona, 23)));
        } else if (ssh) {
            one.name = "sshd";
            one.program = "/usr/sbin/sshd";
            one.unit = "/system.slice/ssh.service";
            one.leads = i == 0;
            one.cmdline = title(inner ? fmt::format("sshd: {}@{}", visit.user, visit.line)
                                      : fmt::format("sshd: {} [priv]", visit.user));
            if (inner && count > 1) {
                one.user = visit.user;
                one.uid = visit.uid;
            }
        } else {
            one.name = inner ? "login" : "telnetd";
            one.program = inner ? "/usr/bin/login" : "/usr/sbin/telnetd";
            one.unit = "/system.slice/inetutils-inetd.service";
            one.cmdline = inner ? words(fmt::format("/bin/login -p -h {} --", visit.src_ip))
                                : title(fmt::format("telnetd: {}", visit.src_ip));
            if (inner && visit.line.starts_with("pts/"))
                one.terminal = (136 << 8) + std::stol(visit.line.substr(4));
        }
    }
    return servers;
}

std::uint64_t listening_inode(const Persona& persona, std::uint16_t port) {
    return 13000 + static_cast<std::uint64_t>(steady(persona, fmt::format("inode {}", port), 4000));
}

std::uint64_t connection_inode(const Persona& persona, const Visit& visit) {
    const auto what = fmt::format("inode {} {}", visit.src_ip, visit.src_port);
    return 300000 + static_cast<std::uint64_t>(steady(persona, what, 600000));
}

} // namespace skep::cell
