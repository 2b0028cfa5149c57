// Any service over a scripted peer: the first byte chooses which, the rest is a session.
#include "support/service_session.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto services = skep::service::all();
    if (size == 0) return 0;
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    const auto chosen = data[0] % services.size();
    skep::tests::play_session(*services[chosen], input.substr(1));
    return 0;
}
