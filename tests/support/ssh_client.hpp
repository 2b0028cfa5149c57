// The client side of SSH's transport without I/O, for tests and fuzzers of the server: it makes key
// exchanges with curve25519-sha256 and any cipher, MAC and compression.
#pragma once

#include "service/ssh/exchange.hpp"
#include "service/ssh/packet_reader.hpp"
#include "service/ssh/proposal.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace skep::tests {

/// What a client offers in its KEXINIT.
struct SshOffer {
    std::string kex = "curve25519-sha256";
    std::string host_key = "ssh-ed25519";
    std::string cipher = "aes128-ctr";
    std::string mac = "hmac-sha2-256";
    std::string compression = "none";
    bool guessed = false;

    /// The payload of its KEXINIT.
    std::string payload() const;
};

class SshClient {
  public:
    explicit SshClient(SshOffer offer = {}, std::string identification = "SSH-2.0-client_1.0");

    /// Takes what the server sent.
    void receive(std::string_view bytes);
    /// The next message of the server; nothing too if it could not be read.
    std::optional<std::string> next();

    /// The identification line.
    std::string hello() const;
    /// Packets of our KEXINIT and KEXDH_INIT.
    std::string begin();
    std::string kexinit();
    std::string init();
    /// Reads KEXINIT (unless it was read), KEXDH_REPLY and NEWKEYS, checks the signature, answers
    /// with NEWKEYS and takes the keys. Empty if the server did not send them (yet: it may be
    /// called again when more has come).
    std::string finish();

    /// The server's KEXINIT was read with next().
    void take_kexinit(std::string payload) { server_own_ = std::move(payload); }

    /// The packet of a payload.
    std::string seal(std::string_view payload);
    /// Bytes in place of a whole packet, encrypted and authenticated as they are.
    std::string seal_raw(std::string packet);

    /// The next packet has number 0, as after a NEWKEYS of a strict exchange.
    void restart_sequence() noexcept { sequence_ = 0; }

    /// Delayed compression begins.
    void authenticated();

    const std::string& session_id() const noexcept { return session_id_; }

    const std::string& server_line() const noexcept { return server_line_; }

    SshOffer offer;

  private:
    bool check_reply(std::string_view reply);
    std::unique_ptr<service::ssh::Protection> make_protection(bool outward) const;

    std::string identification_, server_line_, early_;
    service::ssh::PacketReader reader_{service::ssh::Family::openssh};
    std::unique_ptr<service::ssh::Protection> protection_ = service::ssh::make_clear();
    std::optional<Deflater> deflater_;
    std::uint32_t sequence_ = 0;
    std::string own_, server_own_, session_id_, hash_, secret_;
    std::unique_ptr<crypto::KeyAgreement> agreement_;
    bool strict_ = false, authenticated_ = false, replied_ = false;
};

} // namespace skep::tests
