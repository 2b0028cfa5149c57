// What the differential tests send to a server.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace skep::tests {

struct Step {
    enum class Kind : unsigned char { send, urgent, end, wait };
    Kind kind = Kind::send;
    std::string bytes;
    std::chrono::seconds time{}; ///< How long the answer may take.
};

struct Probe {
    std::string name;
    std::vector<Step> steps;
};

/// Probes for `server` (inetutils or busybox): those of `file`, and generated ones for each option,
/// each command and each control character.
///
/// The file: `[name]` or `[name: server]` begins a probe; `> bytes` is one packet; `~ N` allows the
/// last packet's answer N seconds more; `oob bytes` sends urgent data; `fin` ends our side; `use
/// NAME` takes the steps of another probe, `use prompt` those that bring the server to its login
/// prompt.
std::vector<Probe> load_probes(const std::string& file, const std::string& server);

} // namespace skep::tests
