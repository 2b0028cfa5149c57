// A process that records, as the recorder sees it.
#pragma once

#include "process/channel.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace skep::recorder {

/// Which of a client's messages are on disk. They become so in any order; the client is told only
/// of those that have no gap in front of them.
class Acknowledgements {
  public:
    /// Takes the next message, which is durable after `parts` calls of `done` with the result.
    std::uint64_t take(std::uint64_t sequence, unsigned parts = 1) {
        waiting_.push_back({sequence, parts});
        return first_ + waiting_.size() - 1;
    }

    /// One part of a message is durable.
    void done(std::uint64_t number) {
        auto& entry = waiting_[number - first_];
        if (entry.parts > 0) --entry.parts;
    }

    /// The sequence up to which everything is durable, if it rose since the last call.
    std::optional<std::uint64_t> advance() {
        std::optional<std::uint64_t> sequence;
        while (!waiting_.empty() && waiting_.front().parts == 0) {
            sequence = waiting_.front().sequence;
            waiting_.pop_front();
            ++first_;
        }
        return sequence;
    }

    std::size_t waiting() const noexcept { return waiting_.size(); }

  private:
    struct Entry {
        std::uint64_t sequence;
        unsigned parts;
    };

    std::deque<Entry> waiting_;
    std::uint64_t first_ = 0; ///< Number of waiting_.front().
};

/// One connection of a peer. Shared with the work that is done for it, which may outlive it.
struct Client {
    Client(boost::asio::io_context& io, std::string peer, process::Descriptor socket)
        : name{std::move(peer)}, channel{io, std::move(socket)} {}

    std::string name;
    process::Channel channel;
    Acknowledgements acknowledgements;
    std::set<std::string> recordings; ///< Sessions that it began or went on with.
    std::size_t artifacts = 0;        ///< Contents that are being copied.
    bool gone = false;
};

/// A part of a client's message that waits to be durable; without a client for our own events.
struct Ticket {
    std::shared_ptr<Client> client; // the client may be gone before its events are on disk
    std::uint64_t number = 0;
};

} // namespace skep::recorder
