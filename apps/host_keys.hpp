// The SSH host keys of a deployment: which personas have some, and how they look to a client.
#pragma once

#include "base/result.hpp"
#include "base/settings.hpp"

#include <string>
#include <vector>

namespace skep::apps {

/// One host key as `ssh-keygen -l` tells it.
struct HostKeyLine {
    std::string persona;
    std::string type;
    unsigned bits = 0;
    std::string fingerprint; ///< SHA256:...
};

/// Makes the missing keys of the persona `name` in the state directory, if it has an SSH server;
/// returns how many. Fault::refused if the file of the persona or a key is wrong.
Result<int> make_host_keys_of(const std::string& state, const std::string& name);

/// The same for the personas of all enabled services of kind ssh, with a notice on standard error
/// for each whose keys were missing.
Result<void> make_missing_host_keys(const Settings& settings, const std::string& state);

/// The keys of every persona that has some, sorted by persona.
std::vector<HostKeyLine> host_key_lines(const std::string& state);

} // namespace skep::apps
