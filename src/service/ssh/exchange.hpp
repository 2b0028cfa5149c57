// One key exchange of a server (RFC 4253 section 7), from its KEXINIT to the client's NEWKEYS.
#pragma once

#include "base/crypto/key_agreement.hpp"
#include "service/ssh/moduli.hpp"
#include "service/ssh/numbers.hpp"
#include "service/ssh/proposal.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace skep::service::ssh {

/// What is the same in all key exchanges of a connection, or comes of the first.
struct Parties {
    std::string_view client_identification, server_identification;
    std::string_view session_id; ///< Empty in the first exchange.
};

/// Held only as long as the exchange lasts.
class Exchange {
  public:
    /// Which message the client must send next.
    enum class Due : std::uint8_t { kexinit, init, group_request, group_init, newkeys };

    /// `own` is the payload of the server's KEXINIT.
    explicit Exchange(std::string own) : own_{std::move(own)} {}

    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    Due due = Due::kexinit;

    const std::string& own() const noexcept { return own_; }

    /// The client's KEXINIT came and `choice` was made; its host key names point into own().
    void begin(std::string_view client, const Choice& choice, const crypto::HostKey& key);

    const Choice& choice() const noexcept { return choice_; }

    const crypto::HostKey& host_key() const noexcept { return *key_; }

    /// KEXDH_INIT: the payload of KEXDH_REPLY. Fault::malformed for a value that is refused.
    Result<std::string> answer(std::string_view payload, const Parties& parties);
    /// KEX_DH_GEX_REQUEST (RFC 4419 section 3): the payload of KEX_DH_GEX_GROUP.
    Result<std::string> propose_group(std::string_view payload);
    /// KEX_DH_GEX_INIT: the payload of KEX_DH_GEX_REPLY.
    Result<std::string> answer_in_group(std::string_view payload, const Parties& parties);

    /// After an answer.
    const std::string& exchange_hash() const noexcept { return hash_; }

    /// Makes both directions' keys out of the answer.
    void derive(std::string_view session_id);

    std::unique_ptr<Protection> in, out; ///< To be taken at the NEWKEYS of each side.

  private:
    std::string
    reply(Msg type, const Exchanged& result, const Parties& parties, std::string_view group);
    std::unique_ptr<Protection> make_protection(bool inward, std::string_view session_id) const;
    unsigned strength_bits() const;

    std::string own_, client_;
    Choice choice_;
    const crypto::HostKey* key_ = nullptr;
    std::string secret_, hash_;

    // Of the group exchange.
    std::string request_; ///< Its three numbers as they came.
    Group group_;
    std::unique_ptr<crypto::KeyAgreement> agreement_;
};

} // namespace skep::service::ssh
