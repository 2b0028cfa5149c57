// sntrup761's encapsulation with its randomness as an argument, so that tests can fix it.
#pragma once

#include "base/crypto/key_agreement.hpp"

#include <cstdint>
#include <span>

namespace skep::crypto::sntrup761 {

constexpr std::size_t degree = 761; ///< p of the parameter set.
constexpr std::size_t public_key_bytes = 1158;
constexpr std::size_t ciphertext_bytes = 1039;

/// As encapsulate_sntrup761(), for a key of the right size; `random` is overwritten with zeros.
Encapsulation encapsulate(std::string_view public_key, std::span<std::uint32_t, degree> random);

} // namespace skep::crypto::sntrup761
