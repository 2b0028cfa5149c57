// The files of /proc that say what is mounted where: one table, so that they agree.
#include "cell/fabricate.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace skep::cell {
namespace {

using persona::Persona;

struct Mount {
    std::string source, place, type, options, super;
};

std::vector<Mount> mount_table(const Persona& p) {
    std::vector<Mount> table;
    if (p.image == "router") {
        table.push_back({p.root_device, "/", p.root_type, "rw,relatime", "rw"});
        table.push_back({"proc", "/proc", "proc", "rw,relatime", "rw"});
        table.push_back({"sysfs", "/sys", "sysfs", "rw,relatime", "rw"});
        table.push_back({"tmpfs", "/dev", "tmpfs", "rw,relatime",
                         fmt::format("rw,size={}k,mode=755", p.memory_kib / 2)});
        table.push_back(
            {"devpts", "/dev/pts", "devpts", "rw,relatime", "rw,gid=5,mode=620,ptmxmode=666"});
        return table;
    }
    table.push_back({"sysfs", "/sys", "sysfs", "rw,nosuid,nodev,noexec,relatime", "rw"});
    table.push_back({"proc", "/proc", "proc", "rw,nosuid,nodev,noexec,relatime", "rw"});
    table.push_back({"udev", "/dev", "devtmpfs", "rw,nosuid,relatime",
                     fmt::format("rw,size={}k,nr_inodes={},mode=755,inode64",
                                 p.memory_kib / 2 - 12000, p.memory_kib / 8 - 3000)});
    table.push_back({"devpts", "/dev/pts", "devpts", "rw,nosuid,noexec,relatime",
                     "rw,gid=5,mode=620,ptmxmode=000"});
    table.push_back({"tmpfs", "/run", "tmpfs", "rw,nosuid,nodev,noexec,relatime",
                     fmt::format("rw,size={}k,mode=755,inode64", p.memory_kib / 10)});
    table.push_back({p.root_device, "/", p.root_type, "rw,relatime",
                     p.root_type == "ext4" ? "rw,errors=remount-ro" : "rw"});
    table.push_back({"tmpfs", "/dev/shm", "tmpfs", "rw,nosuid,nodev", "rw,inode64"});
    table.push_back({"tmpfs", "/run/lock", "tmpfs", "rw,nosuid,nodev,noexec,relatime",
                     "rw,size=5120k,inode64"});
    return table;
}

/// `rw,relatime` of the mount and `rw,errors=remount-ro` of the file system as /proc/mounts joins
/// them.
std::string joined(const Mount& mount) {
    const auto rest = mount.super.find(',');
    return rest == std::string::npos ? mount.options : mount.options + mount.super.substr(rest);
}

} // namespace

std::string proc_mounts(const Persona& p) {
    std::string out;
    for (const auto& mount : mount_table(p))
        out +=
            fmt::format("{} {} {} {} 0 0\n", mount.source, mount.place, mount.type, joined(mount));
    return out;
}

std::string proc_mountinfo(const Persona& p) {
    std::string out;
    int id = 22;
    int device = 21;
    int root = 27;
    for (const auto& mount : mount_table(p)) {
        const bool is_root = mount.place == "/";
        if (is_root) root = id;
        const auto number = is_root ? std::string{"254:1"} : fmt::format("0:{}", device++);
        out +=
            fmt::format("{} {} {} / {} {} shared:{} - {} {} {}\n", id, is_root ? 1 : root, number,
                        mount.place, mount.options, id - 15, mount.type, mount.source, mount.super);
        ++id;
    }
    return out;
}

std::string proc_mountstats(const Persona& p) {
    std::string out;
    for (const auto& mount : mount_table(p))
        out += fmt::format("device {} mounted on {} with fstype {}\n", mount.source, mount.place,
                           mount.type);
    return out;
}

std::string proc_partitions(const Persona& p) {
    const auto name = p.root_device.substr(p.root_device.find_last_of('/') + 1);
    const int major = name.starts_with("vd") ? 254 : name.starts_with("mmcblk") ? 179 : 8;
    std::string disk = name;
    if (name.starts_with("mmcblk") || name.starts_with("nvme")) {
        if (const auto part = disk.find_last_of('p'); part != std::string::npos && part > 3)
            disk.resize(part);
    } else {
        while (!disk.empty() && disk.back() >= '0' && disk.back() <= '9')
            disk.pop_back();
    }
    return fmt::format("major minor  #blocks  name\n\n{:4}  {:7} {:10} {}\n{:4}  {:7} {:10} {}\n",
                       major, 0, p.disk_kib + p.swap_kib + 1024, disk, major, 1, p.disk_kib, name);
}

std::string proc_filesystems(const Persona& p) {
    std::string out;
    for (const char* name :
         {"sysfs",    "tmpfs",    "bdev",      "proc",    "cgroup",     "cgroup2", "cpuset",
          "devtmpfs", "configfs", "debugfs",   "tracefs", "securityfs", "sockfs",  "bpf",
          "pipefs",   "ramfs",    "hugetlbfs", "devpts",  "mqueue",     "pstore"})
        out += fmt::format("nodev\t{}\n", name);
    if (p.image == "router") return out + "\tsquashfs\n\text4\nnodev\toverlay\n";
    return out + "\text3\n\text2\n\text4\nnodev\tautofs\n";
}

std::string proc_modules(const Persona& p) {
    if (p.image == "router")
        return "nf_conntrack 65536 4 - Live 0x0000000000000000\nip_tables 24576 2 - Live "
               "0x0000000000000000\nppp_generic 32768 0 - Live "
               "0x0000000000000000\n";
    constexpr std::array<std::string_view, 18> names{"tls 135168 0 -",
                                                     "binfmt_misc 28672 1 -",
                                                     "intel_rapl_msr 20480 0 -",
                                                     "crc32_pclmul 16384 0 -",
                                                     "ghash_clmulni_intel 16384 0 -",
                                                     "aesni_intel 393216 0 -",
                                                     "evdev 28672 2 -",
                                                     "serio_raw 20480 0 -",
                                                     "qemu_fw_cfg 20480 0 -",
                                                     "fuse 176128 1 -",
                                                     "ip_tables 36864 0 -",
                                                     "x_tables 61440 1 ip_tables,",
                                                     "autofs4 53248 2 -",
                                                     "ext4 983040 1 -",
                                                     "mbcache 16384 1 ext4,",
                                                     "jbd2 167936 1 ext4,",
                                                     "virtio_net 73728 0 -",
                                                     "virtio_blk 28672 2 -"};
    std::string out;
    for (const auto name : names)
        out += fmt::format("{} Live 0x0000000000000000\n", name);
    return out;
}

} // namespace skep::cell
