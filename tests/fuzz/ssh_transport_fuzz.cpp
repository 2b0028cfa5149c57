// SSH's transport before the first key exchange: the first byte chooses the profile, the second
// where the bytes of the peer are cut in two.
#include "support/ssh_server.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace skep;
    if (size < 2) return 0;
    const auto profiles = service::ssh::profiles();
    const std::string_view input{reinterpret_cast<const char*>(data) + 2, size - 2};
    tests::SshServer server{profiles[data[0] % profiles.size()]};
    server.transport.start();
    const auto cut = std::min<std::size_t>(data[1] * 4U, input.size());
    server.receive(input.substr(0, cut));
    server.receive(input.substr(cut));
    server.transport.end();
    if (server.transport.ending() == service::ssh::Ending::none) std::abort();
    return 0;
}
