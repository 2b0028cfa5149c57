#include "service/ssh/protection.hpp"

#include "base/crypto/cipher.hpp"
#include "base/ssh_wire.hpp"

#include <algorithm>

namespace skep::service::ssh {
namespace {

using crypto::PacketMac;

std::uint32_t big_endian(std::span<const char> bytes) {
    return SshReader{{bytes.data(), bytes.size()}}.u32();
}

std::string_view view(std::span<const char> bytes) {
    return {bytes.data(), bytes.size()};
}

class Clear final : public Protection {
  public:
    Clear() : Protection{8, 0, false} {}

    void seal(std::uint32_t, std::span<char>, std::span<char>) override {}

    std::uint32_t length(std::uint32_t, std::span<char> head) override { return big_endian(head); }

    bool open(std::uint32_t, std::span<char>, std::span<char>) override { return true; }

    bool is_clear() const noexcept override { return true; }
};

/// AES-CTR with a MAC over the clear packet (RFC 4253 section 6.4).
class CtrAndMac final : public Protection {
  public:
    CtrAndMac(crypto::AesCtr cipher, PacketMac mac)
        : Protection{16, mac.size(), false}, cipher_{std::move(cipher)}, mac_{std::move(mac)} {}

    void seal(std::uint32_t sequence, std::span<char> packet, std::span<char> tag) override {
        mac_.compute(sequence, view(packet), tag.data());
        cipher_.apply(packet);
    }

    std::uint32_t length(std::uint32_t, std::span<char> head) override {
        cipher_.apply(head);
        return big_endian(head);
    }

    bool open(std::uint32_t sequence, std::span<char> packet, std::span<char> tag) override {
        cipher_.apply(packet.subspan(head_bytes()));
        return mac_.matches(sequence, view(packet), view(tag));
    }

  private:
    crypto::AesCtr cipher_;
    PacketMac mac_;
};

/// AES-CTR with a MAC over the length in clear and the ciphertext.
class CtrThenMac final : public Protection {
  public:
    CtrThenMac(crypto::AesCtr cipher, PacketMac mac)
        : Protection{16, mac.size(), true}, cipher_{std::move(cipher)}, mac_{std::move(mac)} {}

    void seal(std::uint32_t sequence, std::span<char> packet, std::span<char> tag) override {
        cipher_.apply(packet.subspan(4));
        mac_.compute(sequence, view(packet), tag.data());
    }

    std::uint32_t length(std::uint32_t, std::span<char> head) override { return big_endian(head); }

    bool open(std::uint32_t sequence, std::span<char> packet, std::span<char> tag) override {
        if (!mac_.matches(sequence, view(packet), view(tag))) return false;
        cipher_.apply(packet.subspan(4));
        return true;
    }

  private:
    crypto::AesCtr cipher_;
    PacketMac mac_;
};

class Gcm final : public Protection {
  public:
    Gcm(std::string_view key, std::string_view nonce, bool encrypts)
        : Protection{16, crypto::AesGcm::tag_bytes, true}, cipher_{key, nonce, encrypts} {}

    void seal(std::uint32_t, std::span<char> packet, std::span<char> tag) override {
        cipher_.seal(view(packet.first(4)), packet.subspan(4),
                     tag.first<crypto::AesGcm::tag_bytes>());
    }

    std::uint32_t length(std::uint32_t, std::span<char> head) override { return big_endian(head); }

    bool open(std::uint32_t, std::span<char> packet, std::span<char> tag) override {
        return cipher_.open(view(packet.first(4)), packet.subspan(4),
                            tag.first<crypto::AesGcm::tag_bytes>());
    }

  private:
    crypto::AesGcm cipher_;
};

class Chacha final : public Protection {
  public:
    explicit Chacha(std::string_view key)
        : Protection{8, crypto::ChachaPoly::tag_bytes, true}, cipher_{key} {}

    void seal(std::uint32_t sequence, std::span<char> packet, std::span<char> tag) override {
        cipher_.seal(sequence, packet, tag.first<crypto::ChachaPoly::tag_bytes>());
    }

    std::uint32_t length(std::uint32_t sequence, std::span<char> head) override {
        return cipher_.length(sequence, head.first<4>());
    }

    bool open(std::uint32_t sequence, std::span<char> packet, std::span<char> tag) override {
        return cipher_.open(sequence, packet, tag.first<crypto::ChachaPoly::tag_bytes>());
    }

  private:
    crypto::ChachaPoly cipher_;
};

std::unique_ptr<Protection> make_ctr(std::string_view key,
                                     std::string_view iv,
                                     bool,
                                     std::unique_ptr<PacketMac> mac,
                                     bool mac_of_ciphertext) {
    crypto::AesCtr cipher{key, iv};
    if (mac_of_ciphertext) return std::make_unique<CtrThenMac>(std::move(cipher), std::move(*mac));
    return std::make_unique<CtrAndMac>(std::move(cipher), std::move(*mac));
}

std::unique_ptr<Protection> make_gcm(
    std::string_view key, std::string_view iv, bool encrypts, std::unique_ptr<PacketMac>, bool) {
    return std::make_unique<Gcm>(key, iv, encrypts);
}

std::unique_ptr<Protection>
make_chacha(std::string_view key, std::string_view, bool, std::unique_ptr<PacketMac>, bool) {
    return std::make_unique<Chacha>(key);
}

// The block size of chacha20-poly1305@openssh.com is what its packets are padded to.
constexpr Cipher ciphers[] = {
    {"chacha20-poly1305@openssh.com", 64, 0, 8, true, make_chacha},
    {"aes128-ctr", 16, 16, 16, false, make_ctr},
    {"aes192-ctr", 24, 16, 16, false, make_ctr},
    {"aes256-ctr", 32, 16, 16, false, make_ctr},
    {"aes128-gcm@openssh.com", 16, 12, 16, true, make_gcm},
    {"aes256-gcm@openssh.com", 32, 12, 16, true, make_gcm},
};

template <crypto::Hash hash> PacketMac make_hmac(std::string_view key) {
    return PacketMac::hmac(hash, key);
}

template <std::size_t tag_bytes> PacketMac make_umac(std::string_view key) {
    return PacketMac::umac(tag_bytes, key);
}

constexpr Mac macs[] = {
    {"umac-64-etm@openssh.com", 16, true, make_umac<8>},
    {"umac-128-etm@openssh.com", 16, true, make_umac<16>},
    {"hmac-sha2-256-etm@openssh.com", 32, true, make_hmac<crypto::Hash::sha256>},
    {"hmac-sha2-512-etm@openssh.com", 64, true, make_hmac<crypto::Hash::sha512>},
    {"hmac-sha1-etm@openssh.com", 20, true, make_hmac<crypto::Hash::sha1>},
    {"umac-64@openssh.com", 16, false, make_umac<8>},
    {"umac-128@openssh.com", 16, false, make_umac<16>},
    {"hmac-sha2-256", 32, false, make_hmac<crypto::Hash::sha256>},
    {"hmac-sha2-512", 64, false, make_hmac<crypto::Hash::sha512>},
    {"hmac-sha1", 20, false, make_hmac<crypto::Hash::sha1>},
};

} // namespace

std::unique_ptr<Protection> make_clear() {
    return std::make_unique<Clear>();
}

const Cipher* find_cipher(std::string_view name) {
    const auto* found = std::ranges::find(ciphers, name, &Cipher::name);
    return found == std::end(ciphers) ? nullptr : found;
}

const Mac* find_mac(std::string_view name) {
    const auto* found = std::ranges::find(macs, name, &Mac::name);
    return found == std::end(macs) ? nullptr : found;
}

} // namespace skep::service::ssh
