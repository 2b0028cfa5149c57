#include "service/ssh/packet_writer.hpp"

#include "base/crypto/random.hpp"

#include <algorithm>

namespace skep::service::ssh {

std::size_t PacketWriter::padding_for(std::size_t unpadded_bytes) const {
    const auto block = protection_->block_bytes();
    const auto padded = unpadded_bytes - (protection_->length_apart() ? 4 : 0);
    auto padding = block - padded % block;
    // RFC 4253 section 6: "There MUST be at least four bytes of padding."
    if (padding < 4) padding += block;
    constexpr std::size_t dropbear_packet_bytes_min = 16;
    if (family_ == Family::dropbear && unpadded_bytes + padding < dropbear_packet_bytes_min)
        padding += block;
    return padding;
}

void PacketWriter::write(std::string_view payload, std::string& out) {
    std::string deflated;
    if (deflater_) {
        deflated = deflater_->message(payload);
        payload = deflated;
    }
    const auto padding = padding_for(5 + payload.size());
    const auto whole = 5 + payload.size() + padding;
    const auto at = out.size();
    out.reserve(at + whole + protection_->tag_bytes());
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>((whole - 4) >> shift);
    out += static_cast<char>(padding);
    out += payload;
    if (family_ == Family::openssh && protection_->is_clear())
        out.append(padding, '\0');
    else
        out += crypto::random_bytes(padding);
    out.resize(at + whole + protection_->tag_bytes());
    const auto packet = std::span{out}.subspan(at);
    protection_->seal(sequence_, packet.first(whole), packet.subspan(whole));
    ++sequence_;
    ++packets_;
    blocks_ += whole / protection_->block_bytes();
    octets_ += packet.size();
}

void PacketWriter::change_keys(std::unique_ptr<Protection> protection) {
    protection_ = std::move(protection);
    packets_ = 0;
    blocks_ = octets_ = 0;
}

void PacketWriter::start_deflating() {
    deflater_.emplace(family_ == Family::openssh ? Deflater::Flush::partial
                                                 : Deflater::Flush::sync);
}

} // namespace skep::service::ssh
