#include "service/ssh/exchange.hpp"

#include "service/ssh/wire.hpp"

#include <algorithm>

namespace skep::service::ssh {
namespace {

/// The only field of KEXDH_INIT and KEX_DH_GEX_INIT.
Result<std::string_view> read_value(std::string_view payload) {
    Reader reader{payload};
    reader.u8();
    const auto value = reader.string();
    if (!reader.done()) return fail(Fault::malformed, "key exchange value");
    return value;
}

std::size_t mac_key_bytes(const Mac* mac) {
    return mac == nullptr ? 0 : mac->key_bytes;
}

} // namespace

Exchange::~Exchange() {
    crypto::wipe(secret_);
}

void Exchange::begin(std::string_view client, const Choice& choice, const crypto::HostKey& key) {
    client_ = client;
    choice_ = choice;
    key_ = &key;
    due = choice.kex->respond == nullptr ? Due::group_request : Due::init;
}

/// OpenSSH's we_need: the longest key that will be derived.
unsigned Exchange::strength_bits() const {
    std::size_t bytes = 0;
    for (const auto* cipher : {choice_.cipher_in, choice_.cipher_out})
        bytes = std::max<std::size_t>(
            {bytes, cipher->key_bytes, cipher->block_bytes, cipher->iv_bytes});
    bytes = std::max({bytes, mac_key_bytes(choice_.mac_in), mac_key_bytes(choice_.mac_out)});
    return static_cast<unsigned>(bytes * 8);
}

Result<std::string> Exchange::answer(std::string_view payload, const Parties& parties) {
    TRY(const auto value, read_value(payload));
    TRY(auto result, choice_.kex->respond(value, {.strength_bits = strength_bits(),
                                                  .bits_set_min = choice_.bits_set_min}));
    secret_ = std::move(result.secret);
    return reply(Msg::kexdh_reply, result, parties, {});
}

Result<std::string> Exchange::propose_group(std::string_view payload) {
    Reader reader{payload};
    reader.u8();
    request_ = payload.substr(1);
    const auto min = reader.u32(), wanted = reader.u32(), max = reader.u32();
    if (!reader.done()) return fail(Fault::malformed, "group request");
    if (max < min || wanted < min || max < wanted || max < group_bits_min)
        return fail(Fault::malformed, "group sizes");
    const auto least = std::max(min, group_bits_min), most = std::min(max, group_bits_max);
    const auto best = std::clamp(wanted, group_bits_min, group_bits_max);
    if (most < least || best < least || most < best) return fail(Fault::malformed, "group sizes");
    group_ = choose_group(least, best, most);
    agreement_ = crypto::make_finite_field(group_.prime, group_.generator, strength_bits());
    due = Due::group_init;
    return Writer{Msg::kexdh_reply}.mpint(group_.prime).mpint(group_.generator).bytes();
}

Result<std::string> Exchange::answer_in_group(std::string_view payload, const Parties& parties) {
    TRY(const auto value, read_value(payload));
    TRY(const auto number, mpint_magnitude(value));
    TRY(auto shared, agreement_->agree(number));
    secret_ = encode_secret(shared);
    crypto::wipe(shared);
    const Exchanged result{.client_value = number_bytes(number),
                           .server_value = number_bytes(agreement_->public_value())};
    Writer group;
    group.raw(request_).mpint(group_.prime).mpint(group_.generator);
    return reply(Msg::kex_gex_reply, result, parties, group.bytes());
}

/// RFC 4253 section 8: H = hash(V_C || V_S || I_C || I_S || K_S || e || f || K), with the group's
/// fields before e in RFC 4419 section 3.
std::string
Exchange::reply(Msg type, const Exchanged& result, const Parties& parties, std::string_view group) {
    Writer hashed;
    hashed.string(parties.client_identification).string(parties.server_identification);
    hashed.string(client_).string(own_).string(key_->blob()).raw(group);
    hashed.string(result.client_value).string(result.server_value).raw(secret_);
    auto text = std::move(hashed).take();
    hash_ = crypto::digest(choice_.kex->hash, text);
    crypto::wipe(text);
    const auto signature = key_->sign(choice_.host_key, hash_);
    agreement_.reset();
    due = Due::newkeys;
    return Writer{type}.string(key_->blob()).string(result.server_value).string(signature).bytes();
}

std::unique_ptr<Protection> Exchange::make_protection(bool inward,
                                                      std::string_view session_id) const {
    const KeySource source{choice_.kex->hash, secret_, hash_, session_id};
    const auto& cipher = inward ? *choice_.cipher_in : *choice_.cipher_out;
    const auto* mac = inward ? choice_.mac_in : choice_.mac_out;
    auto iv =
        cipher.iv_bytes == 0 ? std::string{} : source.derive(inward ? 'A' : 'B', cipher.iv_bytes);
    auto key = source.derive(inward ? 'C' : 'D', cipher.key_bytes);
    std::unique_ptr<crypto::PacketMac> tagger;
    if (mac != nullptr) {
        auto mac_key = source.derive(inward ? 'E' : 'F', mac->key_bytes);
        tagger = std::make_unique<crypto::PacketMac>(mac->make(mac_key));
        crypto::wipe(mac_key);
    }
    auto protection =
        cipher.make(key, iv, !inward, std::move(tagger), mac != nullptr && mac->of_ciphertext);
    crypto::wipe(key);
    crypto::wipe(iv);
    return protection;
}

void Exchange::derive(std::string_view session_id) {
    in = make_protection(true, session_id);
    out = make_protection(false, session_id);
    crypto::wipe(secret_);
}

} // namespace skep::service::ssh
