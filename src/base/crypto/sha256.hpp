// SHA-256 (FIPS 180-4), the name of every artifact.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace skep::crypto {

/// A digest that is fed piece by piece.
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(std::string_view bytes);

    /// The 32 raw bytes; the object starts anew afterwards.
    std::string finish();

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

/// The 32 raw bytes of one piece.
std::string sha256(std::string_view bytes);

/// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

} // namespace skep::crypto
