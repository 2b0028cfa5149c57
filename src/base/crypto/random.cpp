#include "base/crypto/random.hpp"

#include <openssl/rand.h>

#include <array>
#include <cstdlib>
#include <cstring>

namespace skep::crypto {

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1)
        std::abort();
    return bytes;
}

std::uint64_t random_below(std::uint64_t below) {
    // Values at or above the largest multiple of `below` would favour small results.
    const std::uint64_t limit = UINT64_MAX - UINT64_MAX % below;
    for (;;) {
        std::uint64_t value = 0;
        const auto bytes = random_bytes(sizeof value);
        std::memcpy(&value, bytes.data(), sizeof value);
        if (value < limit) return value % below;
    }
}

} // namespace skep::crypto
