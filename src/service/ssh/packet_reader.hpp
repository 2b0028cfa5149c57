// Binary packets of a peer (RFC 4253 section 6), read in the portions in which the real server
// reads them, so that it is known what it would have left in its socket.
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

/// One attempt to read a packet.
struct PacketRead {
    enum class State : std::uint8_t { none, packet, refused };

    State state = State::none;
    std::string_view payload;   ///< Never empty. Valid until the reader is used again.
    std::uint32_t sequence = 0; ///< Of the packet.
    std::string_view why;       ///< A fixed word for a refusal.
    std::string farewell;       ///< Text of the DISCONNECT that a refused peer gets, if any.
};

class PacketReader {
  public:
    /// Largest content of a compressed message of OpenSSH. Its own limit is 128 MiB; no client's
    /// window lets a message be larger than its packets.
    static constexpr std::size_t inflated_bytes_max = std::size_t{256} * 1024;

    explicit PacketReader(Family family) : family_{family}, protection_{make_clear()} {}

    /// Bytes that arrived in the socket.
    void feed(std::string_view bytes);
    /// All that is not read yet.
    std::string_view waiting() const noexcept;
    /// Takes bytes that are no packet: the identification line.
    void skip(std::size_t count) noexcept;

    /// The real server has read all that waits, and wants more: of an identification line.
    void see_all() noexcept { seen_ = bytes_.size(); }

    /// `portion_bytes` is what one read(2) of OpenSSH asks for.
    PacketRead next(std::size_t portion_bytes);

    /// Whether the real server would close its socket with bytes unread.
    bool leaves_unread() const noexcept { return bytes_.size() > seen_; }

    /// From the next packet on.
    void change_keys(std::unique_ptr<Protection> protection);

    void restart_sequence() noexcept { sequence_ = 0; }

    void start_inflating() { inflater_.emplace(); }

    void stop_inflating() { inflater_.reset(); }

    /// Since the keys are in use.
    std::uint32_t packets() const noexcept { return packets_; }

    std::uint64_t blocks() const noexcept { return blocks_; }

    std::uint64_t bytes() const noexcept { return octets_; }

    std::size_t block_bytes() const noexcept { return protection_->block_bytes(); }

  private:
    PacketRead try_openssh();
    PacketRead try_dropbear();
    /// Decrypts the packet of `length_`; nothing if its tag is wrong.
    std::optional<std::string_view> open();
    std::span<char> ahead() noexcept;
    PacketRead refuse(std::string_view why, std::string farewell = {}) const;
    PacketRead unpack(std::string_view body, std::size_t bytes_max);
    void shrink();

    Family family_;
    bool length_known_ = false;
    std::uint32_t length_ = 0; ///< Of the packet that begins at start_.
    std::uint32_t sequence_ = 0, packets_ = 0;
    std::uint64_t blocks_ = 0, octets_ = 0;
    std::unique_ptr<Protection> protection_;
    std::optional<Inflater> inflater_;
    std::string inflated_;
    std::string bytes_;
    std::size_t start_ = 0; ///< Of what is not used.
    std::size_t seen_ = 0;  ///< What the real server has read.
};

} // namespace skep::service::ssh
