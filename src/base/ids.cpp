#include "base/ids.hpp"

#include "base/bytes.hpp"
#include "base/crypto/random.hpp"

#include <fmt/format.h>

#include <charconv>

namespace skep {
namespace {

constexpr Micros year_3000 = 32'503'680'000'000'000;

} // namespace

std::string uuid7_from(Micros time, std::string_view digest) {
    std::string bytes(16, '\0');
    const auto millis = static_cast<std::uint64_t>(std::max<Micros>(time, 0) / 1000);
    for (std::size_t i = 0; i < 6; ++i)
        bytes[i] = static_cast<char>(millis >> (40 - 8 * i) & 255U);
    digest.copy(bytes.data() + 6, 10);
    bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0fU) | 0x70U);
    bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3fU) | 0x80U);
    const std::string digits = hex(bytes);
    return fmt::format("{}-{}-{}-{}-{}", digits.substr(0, 8), digits.substr(8, 4),
                       digits.substr(12, 4), digits.substr(16, 4), digits.substr(20));
}

std::string uuid7(Micros time) {
    return uuid7_from(time, crypto::random_bytes(10));
}

std::string session_id(Micros time) {
    return fmt::format("{:012x}", static_cast<std::uint64_t>(std::max<Micros>(time, 0) / 1000)) +
           hex(crypto::random_bytes(4));
}

Micros id_time(std::string_view id) noexcept {
    std::array<char, 12> digits{};
    if (id.size() == session_id_bytes)
        id.copy(digits.data(), 12);
    else if (id.size() == 36 && id[8] == '-' && id[14] == '7') {
        id.copy(digits.data(), 8);
        id.substr(9).copy(digits.data() + 8, 4);
    } else
        return -1;
    std::uint64_t millis = 0;
    const auto [stop, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), millis, 16);
    const auto time = static_cast<Micros>(millis) * 1000;
    return error == std::errc{} && stop == digits.data() + digits.size() && time < year_3000 ? time
                                                                                             : -1;
}

} // namespace skep
