// Binary packets for a peer (RFC 4253 section 6), padded as the real server pads them.
#pragma once

#include "base/deflate.hpp"
#include "service/ssh/profile.hpp"
#include "service/ssh/protection.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace skep::service::ssh {

class PacketWriter {
  public:
    explicit PacketWriter(Family family) : family_{family}, protection_{make_clear()} {}

    /// Appends the packet of a payload that is not empty to `out`.
    void write(std::string_view payload, std::string& out);

    /// From the next packet on.
    void change_keys(std::unique_ptr<Protection> protection);

    void restart_sequence() noexcept { sequence_ = 0; }

    void start_deflating();

    void stop_deflating() { deflater_.reset(); }

    /// Since the keys are in use.
    std::uint32_t packets() const noexcept { return packets_; }

    std::uint64_t blocks() const noexcept { return blocks_; }

    std::uint64_t bytes() const noexcept { return octets_; }

    std::size_t block_bytes() const noexcept { return protection_->block_bytes(); }

  private:
    std::size_t padding_for(std::size_t unpadded_bytes) const;

    Family family_;
    std::uint32_t sequence_ = 0, packets_ = 0;
    std::uint64_t blocks_ = 0, octets_ = 0;
    std::unique_ptr<Protection> protection_;
    std::optional<Deflater> deflater_;
};

} // namespace skep::service::ssh
