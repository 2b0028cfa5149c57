// How packets are encrypted and authenticated in one direction: the negotiated pair of cipher and
// MAC (RFC 4253 sections 6.3, 6.4) behind one interface.
#pragma once

#include "base/crypto/mac.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace skep::service::ssh {

/// One direction's keys. Packets are whole: length field, padding length, payload, padding.
class Protection {
  public:
    virtual ~Protection() = default;
    Protection(const Protection&) = delete;
    Protection& operator=(const Protection&) = delete;

    /// Encrypts a packet in place; `tag` has room for tag_bytes().
    virtual void seal(std::uint32_t sequence, std::span<char> packet, std::span<char> tag) = 0;

    /// The packet's length field from its first head_bytes(). Where the length is encrypted
    /// together with the rest, this decrypts them in place and must be called once a packet.
    virtual std::uint32_t length(std::uint32_t sequence, std::span<char> head) = 0;
    /// Checks the tag and decrypts a packet, whose length() was taken, in place from its fifth
    /// byte; false if the tag is wrong.
    virtual bool open(std::uint32_t sequence, std::span<char> packet, std::span<char> tag) = 0;

    /// Multiple to which packets are padded.
    std::size_t block_bytes() const noexcept { return block_bytes_; }

    std::size_t tag_bytes() const noexcept { return tag_bytes_; }

    /// The length field is not part of what is padded.
    bool length_apart() const noexcept { return length_apart_; }

    /// Bytes that length() needs.
    std::size_t head_bytes() const noexcept { return length_apart_ ? 4 : block_bytes_; }

    /// Before the first key exchange: padding is zeros in OpenSSH.
    virtual bool is_clear() const noexcept { return false; }

  protected:
    Protection(std::size_t block_bytes, std::size_t tag_bytes, bool length_apart)
        : block_bytes_{static_cast<std::uint8_t>(block_bytes)},
          tag_bytes_{static_cast<std::uint8_t>(tag_bytes)}, length_apart_{length_apart} {}

  private:
    std::uint8_t block_bytes_, tag_bytes_;
    bool length_apart_;
};

/// No encryption.
std::unique_ptr<Protection> make_clear();

/// A row of the table of ciphers.
struct Cipher {
    std::string_view name;
    std::uint8_t key_bytes, iv_bytes, block_bytes;
    bool authenticates; ///< Needs no MAC.
    /// `mac` is moved from, and unused where the cipher authenticates.
    std::unique_ptr<Protection> (*make)(std::string_view key,
                                        std::string_view iv,
                                        bool encrypts,
                                        std::unique_ptr<crypto::PacketMac> mac,
                                        bool mac_of_ciphertext);
};

/// A row of the table of MACs.
struct Mac {
    std::string_view name;
    std::uint8_t key_bytes;
    bool of_ciphertext; ///< "encrypt-then-mac" (OpenSSH's PROTOCOL section 1.5).
    crypto::PacketMac (*make)(std::string_view key);
};

/// nullptr if there is none of that name.
const Cipher* find_cipher(std::string_view name);
const Mac* find_mac(std::string_view name);

} // namespace skep::service::ssh
