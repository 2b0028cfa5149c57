// Public keys and signatures of strangers: whatever comes, a verdict and nothing in OpenSSL's error
// queue; a key has a fingerprint and a size; no signature fits data that it was not made for.
//
// The input is a byte that chooses an algorithm, two bytes of the blob's length, the blob, and the
// signature.
#include "base/crypto/ssh_key.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>

using namespace skep::crypto;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

constexpr std::array<std::string_view, 9> algorithms{
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "rsa-sha2-256",
    "rsa-sha2-512",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t head_bytes = 3;
    if (size < head_bytes) return 0;
    const std::string_view input{reinterpret_cast<const char*>(data) + head_bytes,
                                 size - head_bytes};
    const auto blob = input.substr(0, static_cast<std::size_t>(data[1] << 8 | data[2]));
    const auto signature = input.substr(blob.size());
    const auto described = describe_key(blob);
    if (described) {
        check(described->fingerprint.size() == std::string_view{"SHA256:"}.size() + 43);
        check(described->bits > 0 || described->type.starts_with("ssh-dss"));
    }
    const auto algorithm = algorithms[data[0] % algorithms.size()];
    if (verify_signature(blob, algorithm, signature, "data")) {
        check(described.has_value());
        check(!verify_signature(blob, algorithm, signature, "date"));
    }
    return 0;
}
