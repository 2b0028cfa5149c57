#include "service/ssh/packet_reader.hpp"

#include <algorithm>

namespace skep::service::ssh {
namespace {

using State = PacketRead::State;

constexpr std::uint32_t packet_bytes_max = 256 * 1024; ///< OpenSSH's PACKET_MAX_SIZE
constexpr std::uint32_t padding_bytes_min = 4;
constexpr std::size_t kept_bytes_max = 512; ///< Buffers above are given back when they are empty.

// dropbear's sysoptions.h
constexpr std::uint32_t dropbear_packet_bytes_max = 35000;  ///< RECV_MAX_PACKET_LEN
constexpr std::uint32_t dropbear_payload_bytes_max = 32768; ///< RECV_MAX_PAYLOAD_LEN
constexpr std::uint32_t dropbear_expansion_bytes = 21;      ///< ZLIB_COMPRESS_EXPANSION

} // namespace

void PacketReader::feed(std::string_view bytes) {
    if (start_ > 0) {
        bytes_.erase(0, start_);
        seen_ -= start_;
        start_ = 0;
    }
    bytes_ += bytes;
}

std::string_view PacketReader::waiting() const noexcept {
    return std::string_view{bytes_}.substr(start_);
}

void PacketReader::skip(std::size_t count) noexcept {
    start_ += count;
    seen_ = start_;
}

std::span<char> PacketReader::ahead() noexcept {
    return std::span{bytes_}.subspan(start_, seen_ - start_);
}

void PacketReader::shrink() {
    if (start_ == bytes_.size()) {
        start_ = seen_ = 0;
        if (bytes_.capacity() > kept_bytes_max) std::string{}.swap(bytes_);
        bytes_.clear();
    }
    if (!inflated_.empty()) std::string{}.swap(inflated_);
}

PacketRead PacketReader::next(std::size_t portion_bytes) {
    shrink();
    if (family_ == Family::dropbear) return try_dropbear();
    for (;;) {
        auto read = try_openssh();
        if (read.state != State::none || seen_ == bytes_.size()) return read;
        seen_ = std::min(bytes_.size(), seen_ + portion_bytes);
    }
}

PacketRead PacketReader::refuse(std::string_view why, std::string farewell) const {
    return {.state = State::refused, .why = why, .farewell = std::move(farewell)};
}

std::optional<std::string_view> PacketReader::open() {
    const auto whole = 4 + std::size_t{length_};
    const auto packet = std::span{bytes_}.subspan(start_, whole);
    const auto tag = std::span{bytes_}.subspan(start_ + whole, protection_->tag_bytes());
    if (!protection_->open(sequence_, packet, tag)) return std::nullopt;
    start_ += whole + tag.size();
    length_known_ = false;
    ++packets_;
    blocks_ += whole / protection_->block_bytes();
    octets_ += whole + tag.size();
    return std::string_view{packet.data(), packet.size()};
}

/// ssh_packet_read_poll2() of OpenSSH 9.2.
PacketRead PacketReader::try_openssh() {
    const auto block = static_cast<std::uint32_t>(protection_->block_bytes());
    if (!length_known_) {
        const auto head = protection_->head_bytes();
        if (ahead().size() < head) return {};
        length_ = protection_->length(sequence_, ahead().first(head));
        length_known_ = true;
        // RFC 4253 section 6.1 asks for 35,000 bytes at least; `Bad packet length %u.` is logged.
        if (length_ < 1 + padding_bytes_min || length_ > packet_bytes_max)
            return refuse("packet_length");
    }
    const auto rest = protection_->length_apart() ? length_ : 4 + length_ - block;
    if (rest % block != 0) return refuse("packet_padding");
    if (ahead().size() < 4 + std::size_t{length_} + protection_->tag_bytes()) return {};
    const auto packet = open();
    if (!packet) return refuse("packet_mac");
    PacketRead read{.sequence = sequence_++};
    const std::uint32_t padding = static_cast<std::uint8_t>((*packet)[4]);
    if (padding < padding_bytes_min)
        return refuse("packet_padding",
                      "Corrupted padlen " + std::to_string(padding) + " on input.");
    if (padding > length_ - 1) return refuse("packet_padding");
    auto unpacked = unpack(packet->substr(5, length_ - 1 - padding), inflated_bytes_max);
    unpacked.sequence = read.sequence;
    return unpacked;
}

/// read_packet() and decrypt_packet() of dropbear 2022.83, which asks for no more than the packet.
PacketRead PacketReader::try_dropbear() {
    const auto block = static_cast<std::uint32_t>(protection_->block_bytes());
    const auto tag = static_cast<std::uint32_t>(protection_->tag_bytes());
    if (!length_known_) {
        seen_ = std::min(bytes_.size(), start_ + block);
        if (ahead().size() < block) return {};
        length_ = protection_->length(sequence_, ahead().first(protection_->head_bytes()));
        length_known_ = true;
        const auto padded = protection_->length_apart() ? length_ : length_ + 4;
        if (length_ + 4 + tag > dropbear_packet_bytes_max || padded < block || padded % block != 0)
            return refuse("packet_length");
    }
    const auto whole = 4 + std::size_t{length_} + tag;
    seen_ = std::min(bytes_.size(), start_ + whole);
    if (ahead().size() < whole) return {};
    const auto packet = open();
    if (!packet) return refuse("packet_mac");
    const std::uint32_t padding = static_cast<std::uint8_t>((*packet)[4]);
    if (padding > length_ - 1 ||
        length_ - 1 - padding > dropbear_payload_bytes_max + dropbear_expansion_bytes)
        return refuse("packet_padding");
    const auto sequence = sequence_++;
    auto unpacked = unpack(packet->substr(5, length_ - 1 - padding), dropbear_payload_bytes_max);
    unpacked.sequence = sequence;
    return unpacked;
}

PacketRead PacketReader::unpack(std::string_view body, std::size_t bytes_max) {
    if (inflater_ && !body.empty()) {
        auto message = inflater_->message(body, bytes_max);
        if (!message) return refuse("packet_compression");
        inflated_ = *std::move(message);
        body = inflated_;
    }
    if (body.empty()) return refuse("packet_empty");
    return {.state = State::packet, .payload = body};
}

void PacketReader::change_keys(std::unique_ptr<Protection> protection) {
    protection_ = std::move(protection);
    packets_ = 0;
    blocks_ = octets_ = 0;
}

} // namespace skep::service::ssh
