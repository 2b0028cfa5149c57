// Streamlined NTRU Prime, parameter set sntrup761 (NTRU Prime round 3 submission, October 2020):
// encapsulation. Names in quotes are those of its sections 3 and 4.
//
// The secret is a short polynomial r: 286 of its 761 coefficients are 1 or -1, the rest are 0. The
// ciphertext is h * r in the ring (Z/q)[x]/(x^p - x - 1), each coefficient rounded to a multiple of
// 3, and a hash that confirms r; the session's secret is a hash of both. Nothing that depends on r
// decides a branch, an index or a division until it is rounded; from there on it is public.
#include "base/crypto/digest.hpp"
#include "base/crypto/openssl.hpp"
#include "base/crypto/sntrup761_internal.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <vector>

namespace skep::crypto {
namespace sntrup761 {
namespace {

constexpr std::int32_t q = 4591;
constexpr std::size_t weight = 286; // w
constexpr std::int32_t q_half = (q - 1) / 2;
constexpr std::uint32_t rounded_radix = (q - 1) / 3 + 1;
constexpr std::size_t hash_bytes = 32;

using Short = std::array<std::int16_t, degree>; // coefficients -1, 0, 1
using Ring = std::array<std::int16_t, degree>;  // coefficients of magnitude q_half at most

template <class T> void wipe_array(T& values) {
    OPENSSL_cleanse(values.data(), values.size() * sizeof(values[0]));
}

// "Encode" and "Decode": a sequence of digits, each below its own radix, as bytes. Neighbours are
// joined to one digit of the product of their radices, whose low bytes are written out until the
// radix is below 2^14; then the next round joins those. All of it is public data.

constexpr std::uint32_t radix_limit = 1 << 14;

struct Digit {
    std::uint32_t value;
    std::uint32_t radix;
};

void write_byte(Digit& digit, std::string& out) {
    out += static_cast<char>(digit.value);
    digit.value >>= 8;
    digit.radix = (digit.radix + 255) >> 8;
}

std::string encode(std::vector<Digit> digits) {
    std::string out;
    while (digits.size() > 1) {
        std::size_t joined = 0;
        for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
            const auto low = digits[i];
            const auto high = digits[i + 1];
            Digit both{low.value + high.value * low.radix, low.radix * high.radix};
            while (both.radix >= radix_limit)
                write_byte(both, out);
            digits[joined++] = both;
        }
        if (digits.size() % 2 == 1) digits[joined++] = digits.back();
        digits.resize(joined);
    }
    while (digits[0].radix > 1)
        write_byte(digits[0], out);
    return out;
}

/// What write_byte() wrote of one digit, while its radix is at least `limit`.
struct LowBytes {
    LowBytes(std::string_view& bytes, std::uint32_t whole_radix, std::uint32_t limit)
        : radix{whole_radix} {
        while (radix >= limit) {
            value += static_cast<unsigned char>(bytes.front()) * scale;
            bytes.remove_prefix(1);
            scale <<= 8;
            radix = (radix + 255) >> 8;
        }
    }

    std::uint32_t value = 0;
    std::uint32_t scale = 1; ///< 256 for each byte.
    std::uint32_t radix;     ///< Of what is left of the digit.
};

/// The digits below `radices`; `bytes` holds as many as encode() writes for them.
std::vector<std::uint32_t> decode(std::string_view& bytes,
                                  const std::vector<std::uint32_t>& radices) {
    if (radices.size() == 1) return {LowBytes{bytes, radices[0], 2}.value % radices[0]};
    std::vector<LowBytes> low;
    std::vector<std::uint32_t> joined;
    for (std::size_t i = 0; i + 1 < radices.size(); i += 2) {
        low.emplace_back(bytes, radices[i] * radices[i + 1], radix_limit);
        joined.push_back(low.back().radix);
    }
    if (radices.size() % 2 == 1) joined.push_back(radices.back());
    const auto high = decode(bytes, joined);
    std::vector<std::uint32_t> digits;
    for (std::size_t i = 0; i < low.size(); ++i) {
        const auto both = low[i].value + low[i].scale * high[i];
        digits.push_back(both % radices[2 * i]);
        digits.push_back(both / radices[2 * i] % radices[2 * i + 1]);
    }
    if (radices.size() % 2 == 1) digits.push_back(high.back());
    return digits;
}

/// "Rq_decode" of a public key.
Ring decode_public_key(std::string_view bytes) {
    const auto digits = decode(bytes, std::vector<std::uint32_t>(degree, q));
    Ring h{};
    for (std::size_t i = 0; i < degree; ++i)
        h[i] = static_cast<std::int16_t>(static_cast<std::int32_t>(digits[i]) - q_half);
    return h;
}

/// Puts the smaller value first, without a branch.
void order(std::uint32_t& first, std::uint32_t& second) {
    const auto difference = std::uint64_t{second} - first;
    const auto all_if_wrong = static_cast<std::uint32_t>(difference >> 32);
    const auto change = (first ^ second) & all_if_wrong;
    first ^= change;
    second ^= change;
}

/// Batcher's merge exchange (Knuth, The Art of Computer Programming 3, algorithm 5.2.2M): which
/// places are compared depends on their number alone.
void sort(std::span<std::uint32_t, degree> values) {
    constexpr std::size_t top = 512; // the largest power of two below 761
    for (std::size_t p = top; p > 0; p /= 2) {
        std::size_t r = 0;
        std::size_t distance = p;
        for (std::size_t half = top; half >= p; half /= 2) {
            for (std::size_t i = 0; i + distance < degree; ++i)
                if ((i & p) == r) order(values[i], values[i + distance]);
            distance = half - p;
            r = p;
        }
    }
}

/// "Short_random": 286 random even numbers and 475 random ones that are 1 modulo 4, sorted; the two
/// low bits less 1 are the coefficients, in an order that the random upper bits decided.
Short short_polynomial(std::span<std::uint32_t, degree> random) {
    for (std::size_t i = 0; i < degree; ++i)
        random[i] = i < weight ? random[i] & ~1U : (random[i] & ~3U) | 1U;
    sort(random);
    Short r{};
    for (std::size_t i = 0; i < degree; ++i)
        r[i] = static_cast<std::int16_t>(static_cast<std::int16_t>(random[i] & 3U) - 1);
    OPENSSL_cleanse(random.data(), random.size_bytes());
    return r;
}

/// `value` divided by q, or 3, rounded to the nearest: multiplied by a power of two over the
/// divisor. Exact while the error of that factor times `value` is smaller than the distance of any
/// quotient to a half: for q below 4,959,546, for 3 below 2^14.
constexpr std::int32_t nearest_quotient_q(std::int32_t value) {
    constexpr std::int64_t factor = 935'519; // 2^32 / q = 935518.9
    return static_cast<std::int32_t>((value * factor + (std::int64_t{1} << 31)) >> 32);
}

constexpr std::int32_t nearest_quotient_3(std::int32_t value) {
    constexpr std::int32_t factor = 10'923; // 2^15 / 3 = 10922.7
    return (value * factor + (1 << 14)) >> 15;
}

/// "Round(h r)", each coefficient already divided by 3 and from 0 to 1530, as "Rounded_encode" has
/// it. Coefficients of the product are at most 3 * 286 * 2295 < 2,000,000.
std::vector<Digit> rounded_product(const Ring& h, const Short& r) {
    std::array<std::int32_t, 2 * degree - 1> product{};
    for (std::size_t i = 0; i < degree; ++i)
        for (std::size_t j = 0; j < degree; ++j)
            product[i + j] += std::int32_t{h[i]} * r[j];
    // x^p = x + 1
    for (std::size_t i = degree; i < product.size(); ++i) {
        product[i - degree] += product[i];
        product[i - degree + 1] += product[i];
    }
    std::vector<Digit> rounded;
    rounded.reserve(degree);
    for (std::size_t i = 0; i < degree; ++i) {
        const auto coefficient = product[i] - q * nearest_quotient_q(product[i]);
        const auto third = nearest_quotient_3(coefficient) + q_half / 3;
        rounded.push_back({static_cast<std::uint32_t>(third), rounded_radix});
    }
    wipe_array(product);
    return rounded;
}

/// "Small_encode": four coefficients a byte, each plus 1, the first in the lowest bits.
std::string encode_short(const Short& r) {
    std::string out((degree + 3) / 4, '\0');
    for (std::size_t i = 0; i < degree; ++i)
        out[i / 4] = static_cast<char>(out[i / 4] | (r[i] + 1) << (2 * (i % 4)));
    return out;
}

/// "Hash_b": the first half of SHA-512 over the byte b and the input.
std::string hash(char b, std::string_view first, std::string_view second = {}) {
    std::string input;
    input.reserve(1 + first.size() + second.size());
    input += b;
    input += first;
    input += second;
    auto result = digest(Hash::sha512, input);
    OPENSSL_cleanse(&result[hash_bytes], result.size() - hash_bytes);
    result.resize(hash_bytes);
    wipe(input);
    return result;
}

} // namespace

Encapsulation encapsulate(std::string_view public_key, std::span<std::uint32_t, degree> random) {
    auto r = short_polynomial(random);
    auto encoded = encode_short(r);
    auto secret_hash = hash(3, encoded);
    Encapsulation result;
    result.ciphertext = encode(rounded_product(decode_public_key(public_key), r)) +
                        hash(2, secret_hash, hash(4, public_key)); // "HashConfirm"
    result.secret = hash(1, secret_hash, result.ciphertext);       // "HashSession"
    wipe_array(r);
    wipe(encoded);
    wipe(secret_hash);
    return result;
}

} // namespace sntrup761

Result<Encapsulation> encapsulate_sntrup761(std::string_view public_key) {
    if (public_key.size() != sntrup761::public_key_bytes)
        return fail(Fault::malformed, "length of an sntrup761 key");
    std::array<std::uint32_t, sntrup761::degree> random{};
    openssl::must(RAND_priv_bytes(reinterpret_cast<unsigned char*>(random.data()),
                                  static_cast<int>(sizeof random)) == 1);
    return sntrup761::encapsulate(public_key, random);
}

} // namespace skep::crypto
