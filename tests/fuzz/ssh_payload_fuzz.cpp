// SSH's transport after the first key exchange: a client in this process encrypts the fuzzer's
// payloads. The first byte chooses the profile, the second: bit 0 that the user is authenticated,
// bit 1 compression, bit 2 that packets are given whole, padding and all. Then each payload is a
// length byte and its bytes; length 0 is a KEXINIT, length 255 a KEXDH_INIT of the client.
#include "support/ssh_client.hpp"
#include "support/ssh_server.hpp"

#include <cstdint>
#include <cstdlib>

using namespace skep;

namespace {

void exchange(tests::SshServer& server, tests::SshClient& client) {
    server.transport.start();
    client.receive(server.take());
    server.receive(client.hello());
    server.receive(client.begin());
    client.receive(server.take());
    const auto newkeys = client.finish();
    if (newkeys.empty()) std::abort();
    server.receive(newkeys);
}

std::string packet_of(tests::SshClient& client, std::string_view payload, bool whole) {
    if (!whole) return client.seal(payload);
    std::string packet{payload};
    packet.resize((payload.size() + 31) / 16 * 16, '\0');
    return client.seal_raw(std::move(packet));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const auto profiles = service::ssh::profiles();
    tests::SshServer server{profiles[data[0] % profiles.size()]};
    const bool authenticated = (data[1] & 1U) != 0, whole = (data[1] & 4U) != 0;
    tests::SshClient client{{.compression = (data[1] & 2U) != 0 ? "zlib@openssh.com" : "none"}};
    exchange(server, client);
    if (authenticated) {
        server.transport.authenticated();
        client.authenticated();
    }
    std::string_view input{reinterpret_cast<const char*>(data) + 2, size - 2};
    while (!input.empty()) {
        const auto length = static_cast<std::uint8_t>(input.front());
        input.remove_prefix(1);
        const auto payload = input.substr(0, length);
        if (length == 0) {
            server.receive(client.kexinit());
        } else if (length == 255) {
            server.receive(client.init());
        } else if (!payload.empty()) {
            input.remove_prefix(payload.size());
            server.receive(packet_of(client, payload, whole));
        }
        server.take();
    }
    server.transport.end();
    return 0;
}
