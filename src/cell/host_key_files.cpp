#include "cell/host_key_files.hpp"

#include "base/crypto/key_files.hpp"

#include <fmt/format.h>

namespace skep::cell {
namespace {

constexpr std::int64_t age_seconds = 702; ///< The server's package was configured then.

/// As in the names of the files.
std::string_view short_type(const crypto::HostKey& key) {
    if (key.type() == "ssh-rsa") return "rsa";
    return key.type() == "ssh-ed25519" ? "ed25519" : "ecdsa";
}

} // namespace

std::vector<FabricatedFile> host_key_files(const persona::Persona& persona,
                                           std::span<const crypto::HostKey> keys,
                                           std::string_view salt) {
    std::vector<FabricatedFile> files;
    const auto comment = "root@" + persona.hostname;
    for (const auto& key : keys) {
        const auto type = short_type(key);
        if (persona.plays_dropbear()) {
            files.push_back({fmt::format("/etc/dropbear/dropbear_{}_host_key", type),
                             crypto::dropbear_key_file(key), 0600, age_seconds});
        } else if (!persona.ssh_server.empty()) {
            const auto path = fmt::format("/etc/ssh/ssh_host_{}_key", type);
            files.push_back(
                {path, crypto::openssh_key_file(key, comment, salt), 0600, age_seconds});
            files.push_back(
                {path + ".pub", crypto::openssh_public_key_file(key, comment), 0644, age_seconds});
        }
    }
    return files;
}

} // namespace skep::cell
