#include "support/ssh_server.hpp"

#include <array>

namespace skep::tests {

using namespace std::chrono_literals;

std::span<const crypto::HostKey> ssh_host_keys() {
    using crypto::HostKey, crypto::KeyKind;
    static const std::array<HostKey, 3> keys{HostKey::generate(KeyKind::rsa_2048),
                                             HostKey::generate(KeyKind::ecdsa_p256),
                                             HostKey::generate(KeyKind::ed25519)};
    return keys;
}

SshServer::SshServer(const service::ssh::Profile& played)
    : events{stream, [this](const event::Event& event) { seen.push_back(event); }},
      auth{events, "x"}, persona{debian_persona("web01")},
      session{stream, events,      auth, machine, persona, "192.0.2.1",
              4711,   "192.0.2.2", 22,   120s,    1800s},
      identification{"SSH-2.0-" + std::string{played.software}},
      transport{session, {played, identification, ssh_host_keys()}} {}

void SshServer::receive(std::string_view bytes) {
    transport.receive(bytes);
    while (const auto message = transport.next())
        messages.emplace_back(*message);
}

std::string SshServer::take() {
    return std::exchange(transport.out, {});
}

std::vector<std::string> SshServer::texts(std::string_view eventid, std::string_view field) const {
    std::vector<std::string> found;
    for (const auto& event : seen)
        if (event.eventid() == eventid && event.find(field) != nullptr)
            found.emplace_back(event.text_of(field));
    return found;
}

} // namespace skep::tests
