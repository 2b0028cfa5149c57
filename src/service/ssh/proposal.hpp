// KEXINIT (RFC 4253 section 7.1): what each side offers, and what comes of it in a given server.
#pragma once

#include "base/crypto/ssh_key.hpp"
#include "service/ssh/kex_method.hpp"
#include "service/ssh/profile.hpp"
#include "service/ssh/protection.hpp"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace skep::service::ssh {

/// The order of the lists in the packet; "in" is from client to server.
enum class Offer : std::uint8_t {
    kex,
    host_key,
    cipher_in,
    cipher_out,
    mac_in,
    mac_out,
    compression_in,
    compression_out,
    language_in,
    language_out
};

/// The lists of a KEXINIT, as views into its payload.
struct Proposal {
    std::array<std::string_view, 10> lists;
    bool guessed = false; ///< first_kex_packet_follows

    std::string_view operator[](Offer offer) const {
        return lists[static_cast<std::size_t>(offer)];
    }
};

/// Nothing if a field is missing. `rest` is set to what follows the last field, which OpenSSH
/// refuses and dropbear does not look at.
std::optional<Proposal> parse_proposal(std::string_view payload, std::string_view& rest);

/// The payload of a server's KEXINIT.
/// `kex` and `host_keys` are its lists after all filters.
std::string
build_proposal(const Profile& profile, std::string_view kex, std::string_view host_keys);

/// The key for a host key algorithm; nullptr if there is none.
const crypto::HostKey* key_for(std::string_view algorithm, std::span<const crypto::HostKey> keys);
/// The names of `list` for which there is a key.
std::string usable_host_keys(std::string_view list, std::span<const crypto::HostKey> keys);

/// What was negotiated.
struct Choice {
    const KexMethod* kex = nullptr;
    std::string_view host_key; ///< A name of the server's own list.
    const Cipher *cipher_in = nullptr, *cipher_out = nullptr;
    const Mac *mac_in = nullptr, *mac_out = nullptr; ///< nullptr where the cipher authenticates.
    bool compress_in = false, compress_out = false;  ///< zlib@openssh.com
    /// As in crypto::make_finite_field: dropbear takes more numbers than OpenSSH.
    unsigned bits_set_min = 4;
    bool wrong_guess = false; ///< The client's next key exchange packet is to be ignored.
};

/// How OpenSSH's kex_choose_conf() and dropbear's read_kex_algos() choose.
class Negotiation {
  public:
    Negotiation(Family family, const Proposal& client, const Proposal& server);

    /// Nothing if there is no agreement; `missing` then names what.
    std::optional<Choice> choose(std::string_view& missing) const;
    /// Whether one of the client's lists has a name, or a marker as `ext-info-c`.
    bool client_offers(Offer offer, std::string_view name) const;

  private:
    std::string_view common(Offer offer) const;
    bool wrong_guess(std::string_view kex, std::string_view host_key) const;

    Family family_;
    Proposal client_, server_;
};

/// What dropbear's buf_getstring() and get_algolist() accept: at most 9,000 bytes and 50 names.
bool dropbear_takes(const Proposal& client);

} // namespace skep::service::ssh
