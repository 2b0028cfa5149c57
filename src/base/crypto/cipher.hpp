// The symmetric ciphers of SSH, each object one direction of one connection.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace skep::crypto {

/// AES in counter mode (RFC 4344 section 4): encrypting and decrypting are the same.
class AesCtr {
  public:
    /// `key` of 16, 24 or 32 bytes, `iv` of 16.
    AesCtr(std::string_view key, std::string_view iv);
    ~AesCtr();
    AesCtr(AesCtr&&) noexcept;
    AesCtr& operator=(AesCtr&&) noexcept;

    /// The next bytes of the stream, in place.
    void apply(std::span<char> bytes);

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

/// AES in Galois counter mode as RFC 5647 section 7 uses it: the last 8 bytes of the 12 byte nonce
/// are a counter that goes up by one for each packet.
class AesGcm {
  public:
    static constexpr std::size_t tag_bytes = 16;

    /// `key` of 16 or 32 bytes, `nonce` of 12.
    AesGcm(std::string_view key, std::string_view nonce, bool encrypts);
    ~AesGcm();
    AesGcm(AesGcm&&) noexcept;
    AesGcm& operator=(AesGcm&&) noexcept;

    /// Encrypts `bytes` in place and writes the tag over them and `clear`.
    void seal(std::string_view clear, std::span<char> bytes, std::span<char, tag_bytes> tag);
    /// Decrypts in place; false, with `bytes` undefined, if the tag is wrong.
    bool open(std::string_view clear, std::span<char> bytes, std::span<const char, tag_bytes> tag);

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

/// chacha20-poly1305@openssh.com (OpenSSH's PROTOCOL.chacha20poly1305): a key for the payload, a
/// key for the length field, the sequence number as nonce.
class ChachaPoly {
  public:
    static constexpr std::size_t tag_bytes = 16;

    /// `key` of 64 bytes, the payload's first.
    explicit ChachaPoly(std::string_view key);
    ~ChachaPoly();
    ChachaPoly(ChachaPoly&&) noexcept;
    ChachaPoly& operator=(ChachaPoly&&) noexcept;

    /// The length field of packet `sequence`, decrypted from its first 4 bytes.
    std::uint32_t length(std::uint32_t sequence, std::span<const char, 4> bytes);
    /// Encrypts a whole packet, length field first, in place and writes its tag.
    void seal(std::uint32_t sequence, std::span<char> packet, std::span<char, tag_bytes> tag);
    /// Checks the tag over the still encrypted packet, then decrypts what follows the length field
    /// in place (the length field stays encrypted). False, with nothing changed, if the tag is
    /// wrong.
    bool open(std::uint32_t sequence, std::span<char> packet, std::span<const char, tag_bytes> tag);

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

} // namespace skep::crypto
