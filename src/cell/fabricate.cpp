// Files of /sys, /run and /etc. Those of /proc are in fabricate_proc.cpp.
#include "cell/fabricate.hpp"

#include "base/bytes.hpp"
#include "base/crypto/sha256.hpp"

#include <fmt/format.h>

#include <cstring>
#include <sstream>
#include <utmp.h>

namespace skep::cell {
namespace {

/// Hexadecimal digits that belong to this machine.
std::string digits(const persona::Persona& persona, std::string_view what, std::size_t count) {
    return crypto::sha256_hex(
               fmt::format("{} {} {} {}", persona.hostname, persona.mac, persona.boot_time, what))
        .substr(0, count);
}

std::string disk_name(const persona::Persona& persona) {
    auto name = persona.root_device.substr(persona.root_device.find_last_of('/') + 1);
    while (!name.empty() && name.back() >= '0' && name.back() <= '9' && !name.starts_with("mmcblk"))
        name.pop_back();
    if (const auto part = name.find('p'); name.starts_with("mmcblk") && part != std::string::npos)
        name.resize(part);
    return name.empty() ? "sda" : name;
}

void add_card(const std::string& name,
              const std::string& mac,
              bool loopback,
              std::vector<FabricatedFile>& files) {
    const auto card = "/class/net/" + name + '/';
    files.push_back({card + "address", mac + '\n', 0444});
    files.push_back({card + "mtu", loopback ? "65536\n" : "1500\n", 0644});
    files.push_back({card + "operstate", loopback ? "unknown\n" : "up\n", 0444});
    files.push_back({card + "carrier", "1\n", 0644});
    files.push_back({card + "type", loopback ? "772\n" : "1\n", 0444});
    files.push_back({card + "ifindex", loopback ? "1\n" : "2\n", 0444});
    files.push_back({card + "flags", loopback ? "0x9\n" : "0x1003\n", 0644});
    files.push_back({card + "tx_queue_len", "1000\n", 0644});
    if (!loopback) files.push_back({card + "speed", "-1\n", 0444});
    for (const char* counter : {"rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "rx_errors",
                                "tx_errors", "rx_dropped", "tx_dropped"})
        files.push_back({card + "statistics/" + counter, "0\n", 0444});
}

/// What lsmod looks at, for each line of /proc/modules: `name size users ...`.
void add_modules(const persona::Persona& persona, std::vector<FabricatedFile>& files) {
    std::istringstream lines{proc_modules(persona)};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields{line};
        std::string name;
        std::string size;
        std::string users;
        std::string used_by;
        fields >> name >> size >> users >> used_by;
        const auto module = "/module/" + name + '/';
        files.push_back({module + "coresize", size + '\n', 0444});
        files.push_back({module + "refcnt", users + '\n', 0444});
        files.push_back({module + "initstate", "live\n", 0444});
        files.push_back({module + "holders/", "", 0755});
        std::istringstream holders{used_by};
        for (std::string holder; std::getline(holders, holder, ',');)
            if (holder != "-") files.push_back({module + "holders/" + holder + '/', "", 0755});
    }
}

pid_t pid_of(const persona::Persona& persona, std::string_view program) {
    for (const auto& process : machine_processes(persona, persona.boot_time))
        if (process.program == program) return process.pid;
    return 1;
}

/// utmp of a machine that nobody has logged in to: the boot, the runlevel, the console's getty.
std::string boot_records(const persona::Persona& persona) {
    std::string out;
    const auto put = [](char* field, std::string_view text, std::size_t size) {
        std::memcpy(field, text.data(), std::min(text.size(), size));
    };
    const auto add = [&](short type, pid_t pid, std::string_view line, std::string_view id,
                         std::string_view user, std::int64_t after) {
        utmp entry{};
        entry.ut_type = type;
        entry.ut_pid = pid;
        put(entry.ut_line, line, sizeof entry.ut_line);
        put(entry.ut_id, id, sizeof entry.ut_id);
        put(entry.ut_user, user, sizeof entry.ut_user);
        if (type != LOGIN_PROCESS) put(entry.ut_host, persona.kernel_release, sizeof entry.ut_host);
        entry.ut_tv.tv_sec = static_cast<decltype(entry.ut_tv.tv_sec)>(persona.boot_time + after);
        entry.ut_tv.tv_usec = static_cast<decltype(entry.ut_tv.tv_usec)>(
            steady(persona, fmt::format("utmp {}", type), 1000000));
        out.append(reinterpret_cast<const char*>(&entry), sizeof entry);
    };
    add(BOOT_TIME, 0, "~", "~~", "reboot", 2);
    add(LOGIN_PROCESS, pid_of(persona, "/usr/sbin/agetty"), "tty1", "tty1", "LOGIN", 6);
    add(RUN_LVL, 53, "~", "~~", "runlevel", 11);
    return out;
}

} // namespace

std::vector<FabricatedFile> fabricated_sys(const persona::Persona& persona) {
    std::vector<FabricatedFile> files;
    add_processor_files(persona, files);
    add_card("lo", "00:00:00:00:00:00", true, files);
    add_card("eth0", persona.mac, false, files);
    add_modules(persona, files);
    for (const char* place : {"/bus/", "/firmware/", "/hypervisor/", "/dev/block/", "/dev/char/",
                              "/class/block/", "/class/tty/", "/fs/cgroup/", "/kernel/debug/"})
        files.push_back({place, "", 0755});
    const auto disk = "/block/" + disk_name(persona) + '/';
    const auto partition = persona.root_device.substr(persona.root_device.find_last_of('/') + 1);
    files.push_back({disk + "size", fmt::format("{}\n", persona.disk_kib * 2 + 2097152), 0444});
    files.push_back({disk + "removable", "0\n", 0444});
    files.push_back({disk + "ro", "0\n", 0444});
    files.push_back({disk + "queue/rotational", "1\n", 0644});
    files.push_back({disk + "queue/scheduler", "[mq-deadline] none\n", 0644});
    if (partition != disk_name(persona))
        files.push_back(
            {disk + partition + "/size", fmt::format("{}\n", persona.disk_kib * 2), 0444});
    files.push_back({"/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n", 0644});
    files.push_back({"/kernel/uevent_seqnum", "1832\n", 0444});
    files.push_back({"/kernel/profiling", "0\n", 0644});
    files.push_back({"/power/state", "freeze mem disk\n", 0644});
    files.push_back({"/module/tcp_cubic/parameters/beta", "717\n", 0644});
    files.push_back({"/fs/ext4/features/lazy_itable_init", "supported\n", 0444});
    if (persona.image != "router") {
        const std::string dmi = "/class/dmi/id/";
        files.push_back({dmi + "sys_vendor", "QEMU\n", 0444});
        files.push_back({dmi + "product_name", "Standard PC (i440FX + PIIX, 1996)\n", 0444});
        files.push_back({dmi + "product_version", "pc-i440fx-7.2\n", 0444});
        files.push_back({dmi + "bios_vendor", "SeaBIOS\n", 0444});
        files.push_back({dmi + "bios_version", "1.16.2-debian-1.16.2-1\n", 0444});
        files.push_back({dmi + "bios_date", "04/01/2014\n", 0444});
        files.push_back({dmi + "chassis_vendor", "QEMU\n", 0444});
        files.push_back({dmi + "chassis_type", "1\n", 0444});
        const auto id = digits(persona, "dmi", 32);
        files.push_back({dmi + "product_uuid",
                         fmt::format("{}-{}-{}-{}-{}\n", id.substr(0, 8), id.substr(8, 4),
                                     id.substr(12, 4), id.substr(16, 4), id.substr(20)),
                         0400});
    }
    return files;
}

std::vector<FabricatedFile> fabricated_run(const persona::Persona& persona) {
    if (persona.image == "router") return {};
    return {{"/utmp", boot_records(persona), 0664},
            {"/systemd/system/.keep", "", 0644},
            {"/lock/.keep", "", 0644},
            {"/sshd.pid", fmt::format("{}\n", pid_of(persona, "/usr/sbin/sshd")), 0644},
            {"/sshd/.keep", "", 0644},
            {"/network/ifstate", "lo=lo\neth0=eth0\n", 0644},
            {"/mount/.keep", "", 0644}};
}

std::vector<FabricatedFile> fabricated_etc(const persona::Persona& persona) {
    const auto address = persona.address.substr(0, persona.address.find('/'));
    const auto full =
        persona.domain.empty() ? persona.hostname : persona.hostname + '.' + persona.domain;
    std::vector<FabricatedFile> files;
    files.push_back({"/etc/hostname", persona.hostname + '\n', 0644, 610});
    if (persona.image == "router") {
        files.push_back({"/etc/hosts",
                         fmt::format("127.0.0.1 localhost\n{} {}\n", address, persona.hostname),
                         0644, 612});
        files.push_back(
            {"/etc/resolv.conf", fmt::format("nameserver {}\n", persona.gateway), 0644, 86400});
        return files;
    }
    files.push_back(
        {"/etc/hosts",
         fmt::format(
             "127.0.0.1\tlocalhost\n127.0.1.1\t{0}\t{1}\n\n# The following lines are desirable for "
             "IPv6 capable hosts\n::1     "
             "localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n",
             full, persona.hostname),
         0644, 612});
    files.push_back(
        {"/etc/resolv.conf",
         (persona.domain.empty() ? std::string{}
                                 : fmt::format("domain {0}\nsearch {0}\n", persona.domain)) +
             fmt::format("nameserver {}\n", persona.gateway),
         0644, 641});
    files.push_back({"/etc/machine-id", digits(persona, "machine-id", 32) + '\n', 0444, 633});
    files.push_back({"/etc/mailname", full + '\n', 0644, 700});
    files.push_back(
        {"/etc/network/interfaces",
         fmt::format("# This file describes the network interfaces available on your system\n# and "
                     "how to activate them. For more "
                     "information, see interfaces(5).\n\nsource /etc/network/interfaces.d/*\n\n# "
                     "The loopback network interface\nauto "
                     "lo\niface lo inet loopback\n\n# The primary network interface\nallow-hotplug "
                     "eth0\niface eth0 inet static\n\taddress "
                     "{}\n\tgateway {}\n",
                     persona.address, persona.gateway),
         0644, 640});
    const auto id = digits(persona, "root file system", 32);
    files.push_back(
        {"/etc/fstab",
         fmt::format("# /etc/fstab: static file system information.\n#\n# Use 'blkid' to print the "
                     "universally unique identifier for a\n# "
                     "device; this may be used with UUID= as a more robust way to name devices\n# "
                     "that works even if disks are added and "
                     "removed. See fstab(5).\n#\n# <file system> <mount point>   <type>  <options> "
                     "      <dump>  <pass>\n# / was on {} during "
                     "installation\nUUID={}-{}-{}-{}-{} /               {}    errors=remount-ro 0  "
                     "     1\n",
                     persona.root_device, id.substr(0, 8), id.substr(8, 4), id.substr(12, 4),
                     id.substr(16, 4), id.substr(20), persona.root_type),
         0644, 580});
    files.push_back({"/etc/motd", persona.motd, 0644, 0});
    return files;
}

} // namespace skep::cell
