#include "service/ssh/moduli.hpp"

#include "base/crypto/key_agreement.hpp"
#include "base/crypto/random.hpp"

#include <charconv>
#include <string_view>

extern "C" const char skep_ssh_moduli[], skep_ssh_moduli_end[]; // moduli.S

namespace skep::service::ssh {
namespace {

struct Row {
    std::uint32_t bits = 0;
    std::string_view generator, prime; ///< Hexadecimal.
};

std::string_view take(std::string_view& text, char end) {
    const auto at = text.find(end);
    const auto piece = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
    return piece;
}

/// The next row of `text`; bits of 0 at its end.
Row next(std::string_view& text) {
    while (!text.empty()) {
        auto line = take(text, '\n');
        if (line.empty() || line.front() == '#') continue;
        Row row;
        const auto bits = take(line, ' ');
        std::from_chars(bits.data(), bits.data() + bits.size(), row.bits);
        row.generator = take(line, ' ');
        row.prime = line;
        return row;
    }
    return {};
}

std::string_view all_rows() {
    return {skep_ssh_moduli, static_cast<std::size_t>(skep_ssh_moduli_end - skep_ssh_moduli)};
}

int digit(char letter) {
    return letter <= '9' ? letter - '0' : (letter & 0x5f) - 'A' + 10;
}

std::string from_hex(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size() / 2 + 1);
    if (text.size() % 2 != 0) {
        bytes += static_cast<char>(digit(text.front()));
        text.remove_prefix(1);
    }
    for (std::size_t at = 0; at + 1 < text.size(); at += 2)
        bytes += static_cast<char>(digit(text[at]) << 4 | digit(text[at + 1]));
    return bytes;
}

/// dh_new_group_fallback()
Group fixed_group(std::uint32_t max) {
    const unsigned number = max < 3072 ? 14 : max < 6144 ? 16 : 18;
    return {.prime = std::string{crypto::modp_prime(number)}, .generator = "\x02"};
}

} // namespace

Group choose_group(std::uint32_t min, std::uint32_t wanted, std::uint32_t max) {
    std::uint32_t best = 0;
    std::uint64_t count = 0;
    auto text = all_rows();
    for (auto row = next(text); row.bits != 0; row = next(text)) {
        if (row.bits > max || row.bits < min) continue;
        if ((row.bits > wanted && row.bits < best) || (row.bits > best && best < wanted)) {
            best = row.bits;
            count = 0;
        }
        if (row.bits == best) ++count;
    }
    if (count == 0) return fixed_group(max);
    auto chosen = crypto::random_below(count);
    text = all_rows();
    for (auto row = next(text); row.bits != 0; row = next(text))
        if (row.bits == best && chosen-- == 0)
            return {.prime = from_hex(row.prime), .generator = from_hex(row.generator)};
    return fixed_group(max);
}

} // namespace skep::service::ssh
