#include "support/ssh_client.hpp"

#include "service/ssh/wire.hpp"

#include <utility>

namespace skep::tests {

using namespace service::ssh;

std::string SshOffer::payload() const {
    Writer writer{Msg::kexinit};
    writer.raw("0123456789abcdef").string(kex).string(host_key);
    for (const auto& list : {cipher, mac, compression})
        writer.string(list).string(list);
    return writer.string("").string("").boolean(guessed).u32(0).bytes();
}

SshClient::SshClient(SshOffer offered, std::string identification)
    : offer{std::move(offered)}, identification_{std::move(identification)} {}

void SshClient::receive(std::string_view bytes) {
    if (!server_line_.empty()) return reader_.feed(bytes);
    early_ += bytes;
    const auto end = early_.find("\r\n");
    if (end == std::string::npos) return;
    server_line_ = early_.substr(0, end);
    reader_.feed(std::string_view{early_}.substr(end + 2));
    early_.clear();
}

std::optional<std::string> SshClient::next() {
    const auto read = reader_.next(SIZE_MAX / 2);
    if (read.state != PacketRead::State::packet) return std::nullopt;
    return std::string{read.payload};
}

std::string SshClient::hello() const {
    return identification_ + "\r\n";
}

std::string SshClient::seal_raw(std::string packet) {
    const auto whole = packet.size();
    packet.resize(whole + protection_->tag_bytes());
    const auto bytes = std::span{packet};
    protection_->seal(sequence_++, bytes.first(whole), bytes.subspan(whole));
    return packet;
}

std::string SshClient::seal(std::string_view payload) {
    const std::string body = deflater_ ? deflater_->message(payload) : std::string{payload};
    const auto block = protection_->block_bytes();
    const auto unpadded = 5 + body.size() - (protection_->length_apart() ? 4 : 0);
    auto padding = block - unpadded % block;
    if (padding < 4) padding += block;
    Writer packet;
    packet.u32(static_cast<std::uint32_t>(1 + body.size() + padding));
    packet.u8(static_cast<std::uint8_t>(padding)).raw(body).raw(std::string(padding, '\0'));
    return seal_raw(std::move(packet).take());
}

std::string SshClient::kexinit() {
    own_ = offer.payload();
    strict_ = strict_ || offer.kex.contains("kex-strict-c-v00@openssh.com");
    return seal(own_);
}

std::string SshClient::init() {
    agreement_ = crypto::make_x25519();
    return seal(Writer{Msg::kexdh_init}.string(agreement_->public_value()).bytes());
}

std::string SshClient::begin() {
    auto bytes = kexinit();
    bytes += init();
    return bytes;
}

bool SshClient::check_reply(std::string_view reply) {
    Reader reader{reply};
    if (reader.u8() != static_cast<std::uint8_t>(Msg::kexdh_reply)) return false;
    const auto key = reader.string(), value = reader.string(), signature = reader.string();
    if (!reader.done()) return false;
    const auto shared = agreement_->agree(value);
    if (!shared) return false;
    secret_ = encode_secret(*shared);
    Writer hashed;
    hashed.string(identification_).string(server_line_).string(own_).string(server_own_);
    hashed.string(key).string(agreement_->public_value()).string(value).raw(secret_);
    hash_ = crypto::digest(crypto::Hash::sha256, hashed.bytes());
    if (session_id_.empty()) session_id_ = hash_;
    return crypto::verify_signature(key, offer.host_key, signature, hash_);
}

std::unique_ptr<Protection> SshClient::make_protection(bool outward) const {
    const KeySource source{crypto::Hash::sha256, secret_, hash_, session_id_};
    const auto* cipher = find_cipher(offer.cipher);
    const auto* mac = cipher->authenticates ? nullptr : find_mac(offer.mac);
    std::unique_ptr<crypto::PacketMac> tagger;
    if (mac != nullptr)
        tagger = std::make_unique<crypto::PacketMac>(
            mac->make(source.derive(outward ? 'E' : 'F', mac->key_bytes)));
    return cipher->make(source.derive(outward ? 'C' : 'D', cipher->key_bytes),
                        source.derive(outward ? 'A' : 'B', cipher->iv_bytes), outward,
                        std::move(tagger), mac != nullptr && mac->of_ciphertext);
}

std::string SshClient::finish() {
    if (server_own_.empty()) {
        auto proposal = next();
        if (!proposal) return {};
        server_own_ = *std::move(proposal);
    }
    if (!replied_) {
        const auto reply = next();
        if (!reply || !check_reply(*reply)) return {};
        replied_ = true;
    }
    const auto newkeys = next();
    if (newkeys != Writer{Msg::newkeys}.bytes()) return {};
    replied_ = false;
    server_own_.clear();
    auto answer = seal(*newkeys);
    reader_.change_keys(make_protection(false));
    protection_ = make_protection(true);
    if (strict_) {
        reader_.restart_sequence();
        sequence_ = 0;
    }
    if (authenticated_) authenticated();
    return answer;
}

void SshClient::authenticated() {
    authenticated_ = true;
    if (offer.compression != "zlib@openssh.com") return;
    reader_.start_inflating();
    deflater_.emplace(Deflater::Flush::partial);
}

} // namespace skep::tests
