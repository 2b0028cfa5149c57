// Message authentication codes of SSH packets.
#pragma once

#include "base/crypto/digest.hpp"

namespace skep::crypto {

/// One key's MAC, computed over a packet's sequence number and its bytes.
class PacketMac {
  public:
    /// HMAC (RFC 2104) over `sequence || bytes` (RFC 4253 section 6.4).
    static PacketMac hmac(Hash hash, std::string_view key);
    /// UMAC (RFC 4418) of `bytes` with the 64 bit sequence number as nonce, as umac-64@openssh.com
    /// and umac-128@openssh.com have it; `key` of 16 bytes, `tag_bytes` 8 or 16.
    static PacketMac umac(std::size_t tag_bytes, std::string_view key);

    ~PacketMac();
    PacketMac(PacketMac&&) noexcept;
    PacketMac& operator=(PacketMac&&) noexcept;

    std::size_t size() const noexcept;
    /// Replaces the first size() bytes of `tag` (at least that many, at most 64).
    void compute(std::uint32_t sequence, std::string_view bytes, char* tag);
    /// Compares in constant time.
    bool matches(std::uint32_t sequence, std::string_view bytes, std::string_view tag);

  private:
    struct Context;
    explicit PacketMac(std::unique_ptr<Context> context);
    std::unique_ptr<Context> context_;
};

} // namespace skep::crypto
