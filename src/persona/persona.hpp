// What a machine claims to be: one file for each deployment and persona, made unique by `skep
// init`.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace skep::persona {

/// Read from `personas/NAME.toml` of the state directory. `load` refuses a file without a key, but
/// for the rows MAYBE of fields.def, whose members are then empty.
struct Persona {
    std::string name;  ///< File name without `.toml`.
    std::string image; ///< Base image: a directory of the state directory's `images/`.

    std::string hostname; ///< As uname -n has it.
    std::string domain;

    std::string kernel_release; ///< uname -r, as 6.1.0-25-amd64.
    std::string kernel_version; ///< uname -v.
    std::string machine;        ///< uname -m.
    std::string proc_version;   ///< /proc/version, one line.
    std::string cmdline;        ///< /proc/cmdline, one line.

    std::string cpu_model; ///< model name in /proc/cpuinfo.
    std::string cpu_vendor;
    std::int64_t cpu_family = 0, cpu_model_number = 0, cpu_stepping = 0;
    std::int64_t cpu_mhz = 0, cpu_cache_kib = 0;
    std::string cpu_flags;
    std::int64_t cpus = 1;
    std::int64_t memory_kib = 0;
    std::int64_t swap_kib = 0;
    std::int64_t disk_kib = 0;      ///< Size of the root file system.
    std::int64_t disk_used_kib = 0; ///< Used at the start.
    std::string root_device;        ///< As mounts and df show it: /dev/vda1.
    std::string root_type;          ///< ext4, squashfs, ...

    std::int64_t boot_time = 0; ///< Seconds since 1970: uptime counts from here.
    std::string mac;            ///< Of eth0.
    std::string address;        ///< IPv4 address of eth0 with prefix length: 10.20.3.7/24.
    std::string gateway;

    std::string telnet_server; ///< inetutils-2.4 or busybox-1.30: whose negotiation and login
                               ///< dialog the service plays.
    std::string ssh_server;    ///< Name of a profile of the SSH service, as openssh-9.2p1.
    /// The whole line without CR LF; in a file it may contain `{revision}`, which the sensor
    /// replaces.
    std::string ssh_identification;
    std::string issue; ///< Text before `login:` with \n style escapes already resolved.
    std::string motd;
    bool every_user_is_root = false;          ///< A router: any accepted user gets uid 0.
    std::map<std::string, std::string> extra; ///< Keys of table [extra], for later services.

    /// Its telnetd and login are BusyBox's, not Debian's.
    bool plays_busybox() const { return telnet_server.starts_with("busybox"); }

    /// Its SSH server is dropbear, not OpenSSH.
    bool plays_dropbear() const { return ssh_server.starts_with("dropbear"); }

    /// Where its SSH server starts sftp-server: sshd_config of Debian 12's openssh-server; what
    /// Debian compiled dropbear 2022.83 with.
    const char* sftp_server() const {
        return plays_dropbear() ? "/usr/lib/sftp-server" : "/usr/lib/openssh/sftp-server";
    }
};

/// Fault::refused with `file:line: what is wrong`.
Result<Persona> load(const std::string& file);

/// The TOML text of a new, unique persona made from a shipped template: names, addresses, sizes and
/// times are drawn, consistent with each other. Fault::refused if there is no template of that
/// name.
Result<std::string> generate(std::string_view template_name, std::int64_t now_seconds);

} // namespace skep::persona
