#include "service/ssh/proposal.hpp"

#include "base/crypto/random.hpp"
#include "service/ssh/name_list.hpp"
#include "service/ssh/wire.hpp"

#include <algorithm>

namespace skep::service::ssh {
namespace {

constexpr std::size_t cookie_bytes = 16;
constexpr std::size_t dropbear_string_bytes_max = 9000; ///< MAX_STRING_LEN
constexpr std::ptrdiff_t dropbear_names_max = 50;       ///< MAX_PROPOSED_ALGO
constexpr std::string_view delayed_zlib = "zlib@openssh.com";

/// As a C string has it: OpenSSH allows a NUL at the very end of a list.
std::string_view as_text(std::string_view list) {
    return list.ends_with('\0') ? list.substr(0, list.size() - 1) : list;
}

/// dropbear does not stop at empty names, and a NUL empties the list.
std::string_view dropbear_common(std::string_view client, std::string_view server) {
    if (client.contains('\0')) return {};
    while (!client.empty()) {
        const auto each = take_name(client);
        if (!each.empty() && lists(server, each)) return each;
    }
    return {};
}

/// The server's own copy of a name, which outlives the client's packet.
std::string_view own_name(std::string_view list, std::string_view name) {
    auto each = take_name(list);
    while (each != name)
        each = take_name(list);
    return each;
}

bool dropbear_has(std::string_view list, std::string_view name) {
    return !dropbear_common(list, name).empty();
}

} // namespace

std::optional<Proposal> parse_proposal(std::string_view payload, std::string_view& rest) {
    Reader reader{payload};
    reader.u8();
    reader.raw(cookie_bytes);
    Proposal proposal;
    for (auto& list : proposal.lists)
        list = reader.string();
    proposal.guessed = reader.boolean();
    reader.u32(); // reserved
    if (!reader.ok()) return std::nullopt;
    rest = reader.rest();
    return proposal;
}

std::string
build_proposal(const Profile& profile, std::string_view kex, std::string_view host_keys) {
    Writer writer{Msg::kexinit};
    writer.raw(crypto::random_bytes(cookie_bytes)).string(kex).string(host_keys);
    for (const auto list : {profile.ciphers, profile.macs, profile.compression})
        writer.string(list).string(list);
    return std::move(writer.string("").string("").boolean(false).u32(0)).take();
}

const crypto::HostKey* key_for(std::string_view algorithm, std::span<const crypto::HostKey> keys) {
    const auto type = algorithm.starts_with("rsa-sha2-") ? "ssh-rsa" : algorithm;
    const auto found = std::ranges::find(keys, type, &crypto::HostKey::type);
    return found == keys.end() ? nullptr : &*found;
}

std::string usable_host_keys(std::string_view list, std::span<const crypto::HostKey> keys) {
    std::string usable;
    while (!list.empty()) {
        const auto name = take_name(list);
        if (key_for(name, keys) == nullptr) continue;
        if (!usable.empty()) usable += ',';
        usable += name;
    }
    return usable;
}

Negotiation::Negotiation(Family family, const Proposal& client, const Proposal& server)
    : family_{family}, client_{client}, server_{server} {
    if (family == Family::openssh)
        for (auto& list : client_.lists)
            list = as_text(list);
}

bool Negotiation::client_offers(Offer offer, std::string_view name) const {
    const auto list = client_[offer];
    return family_ == Family::dropbear ? dropbear_has(list, name) : lists(list, name);
}

std::string_view Negotiation::common(Offer offer) const {
    return family_ == Family::dropbear ? dropbear_common(client_[offer], server_[offer])
                                       : first_common(client_[offer], server_[offer]);
}

bool Negotiation::wrong_guess(std::string_view kex, std::string_view host_key) const {
    if (!client_.guessed) return false;
    // With kexguess2@matt.ucc.asn.au the client's first choice need not be the server's first.
    const bool second =
        family_ == Family::dropbear && client_offers(Offer::kex, "kexguess2@matt.ucc.asn.au");
    const auto right = [&](Offer offer, std::string_view chosen) {
        auto client = client_[offer];
        auto server = server_[offer];
        const auto first = take_name(client);
        return second ? first == chosen : first == take_name(server);
    };
    return !right(Offer::kex, kex) || !right(Offer::host_key, host_key);
}

std::optional<Choice> Negotiation::choose(std::string_view& missing) const {
    Choice choice;
    // kexdh_comb_key of dropbear 2022.83 asks for no more than the range.
    if (family_ == Family::dropbear) choice.bits_set_min = 1;
    const auto kex = common(Offer::kex);
    missing = "no matching key exchange method found";
    choice.kex = find_kex_method(kex);
    if (choice.kex == nullptr) return std::nullopt;

    missing = "no matching host key type found";
    const auto host_key = common(Offer::host_key);
    if (host_key.empty()) return std::nullopt;
    choice.host_key = own_name(server_[Offer::host_key], host_key);

    missing = "no matching cipher found";
    choice.cipher_in = find_cipher(common(Offer::cipher_in));
    choice.cipher_out = find_cipher(common(Offer::cipher_out));
    if (choice.cipher_in == nullptr || choice.cipher_out == nullptr) return std::nullopt;

    missing = "no matching MAC found";
    choice.mac_in = find_mac(common(Offer::mac_in));
    choice.mac_out = find_mac(common(Offer::mac_out));
    if (choice.cipher_in->authenticates)
        choice.mac_in = nullptr;
    else if (choice.mac_in == nullptr)
        return std::nullopt;
    if (choice.cipher_out->authenticates)
        choice.mac_out = nullptr;
    else if (choice.mac_out == nullptr)
        return std::nullopt;

    missing = "no matching compression method found";
    const auto in = common(Offer::compression_in), out = common(Offer::compression_out);
    if (in.empty() || out.empty()) return std::nullopt;
    choice.compress_in = in == delayed_zlib;
    choice.compress_out = out == delayed_zlib;
    choice.wrong_guess = wrong_guess(kex, host_key);
    return choice;
}

bool dropbear_takes(const Proposal& client) {
    const auto algorithms = std::span{client.lists}.first(8); // it skips over the languages
    return std::ranges::all_of(algorithms, [](std::string_view list) {
        return list.size() <= dropbear_string_bytes_max &&
               std::ranges::count(list, ',') < dropbear_names_max;
    });
}

} // namespace skep::service::ssh
