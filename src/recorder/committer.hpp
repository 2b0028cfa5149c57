// Group commit: everything that came while the disk was busy goes to it next, as one write and one
// sync.
#pragma once

#include "recorder/auth_memory.hpp"
#include "recorder/client.hpp"
#include "recorder/journal.hpp"
#include "recorder/worker.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace skep::recorder {

struct CommitOptions {
    /// Shortest time between the starts of two syncs: spares the disk under load, and costs an
    /// event that comes alone nothing. A fraction of limits.journal_commit_ms.
    std::chrono::milliseconds gap{50};
    std::chrono::milliseconds retry_after{250};
    FileCalls calls = system_files(); ///< For the remembered logins; the journal has its own.
};

/// Owns the journal and the file of remembered logins; all callbacks come on the loop's thread.
class Committer {
  public:
    Committer(boost::asio::io_context& io, Journal journal, AuthFile logins, CommitOptions options);
    ~Committer();
    Committer(const Committer&) = delete;
    Committer& operator=(const Committer&) = delete;

    /// Starts the thread that waits for the disk.
    void start();

    /// A framed line for the journal. Its ticket is given to `on_durable`.
    void add(std::string_view line, Ticket ticket);

    /// A framed line for the remembered logins.
    void remember(std::string_view line, Ticket ticket);

    /// Replaces the remembered logins by these lines, in front of what is remembered later.
    void replace_logins(std::string lines);

    /// Closes the segment if it is old, also when nothing is written.
    void rotate();

    /// Bytes that are not durable yet.
    std::size_t pending_bytes() const noexcept;

    /// Nothing waits and nothing is being written.
    bool is_idle() const noexcept;

    std::uint64_t commits() const noexcept;

    std::function<void(std::vector<Ticket>)> on_durable;
    std::function<void(std::vector<std::string> segments)> on_closed;
    /// The disk refuses (with what it says), or takes writes again (empty). Nothing is lost either
    /// way: what failed is tried again until it is written.
    std::function<void(const std::string& fault)> on_fault;

  private:
    struct State;
    std::shared_ptr<State> state_; // shared with the worker's answers, which may come too late
};

} // namespace skep::recorder
