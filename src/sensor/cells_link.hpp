// The sensor's line to the cells process: asks for programs, hands out their ends, tells how they
// ended.
#pragma once

#include "base/task.hpp"
#include "process/channel.hpp"

#include <array>
#include <cstdint>
#include <memory>

namespace skep::sensor {

/// A granted request: the program's descriptors and the number that it is spoken of by.
class OpenedCell {
  public:
    /// The master of a terminal, or our ends of standard input, output and error.
    using Ends = std::array<process::Descriptor, process::descriptors_max>;

    OpenedCell(std::uint64_t request, Ends ends, std::string cell)
        : request_{request}, ends_{std::move(ends)}, cell_{std::move(cell)} {}

    std::uint64_t request() const noexcept { return request_; }

    bool has_pipes() const noexcept { return ends_[2].valid(); }

    Ends take_ends() noexcept { return std::move(ends_); }

    const std::string& cell() const noexcept { return cell_; }

  private:
    std::uint64_t request_;
    Ends ends_;
    std::string cell_;
};

/// Used by one thread. A cells process that ends fails the requests that wait for it.
class CellsLink {
  public:
    explicit CellsLink(boost::asio::io_context& io);
    ~CellsLink();
    CellsLink(const CellsLink&) = delete;
    CellsLink& operator=(const CellsLink&) = delete;

    /// Takes the socket of a (re)started cells process.
    void attach(process::Descriptor socket);

    /// Waits for a program. Fault::refused with the reason, Fault::timed_out after 10 s,
    /// Fault::closed if the cells process is or goes away, Fault::over_limit for a request that
    /// fits into no message. `request.request` is set here. Whoever gets a cell calls `close`.
    Task<Result<OpenedCell>> open(process::CellRequest request);

    /// Waits until the program of an opened request has ended. Fault::closed if that will not be
    /// told: the cells process is gone, or `close` was called; Fault::cancelled.
    Task<Result<process::CellExit>> ended(std::uint64_t request);

    /// Asks what a user's authorized keys say about a key. Faults as `open`.
    Task<Result<KeyVerdict>> judge_key(process::KeyQuestion question);

    /// A signal by its name without SIG for a program.
    void signal(std::uint64_t request, std::string_view name);

    /// Ends every waiting `open` and `judge_key` with Fault::closed.
    void fail_waiting();

    /// The peer of that program is gone.
    void close(std::uint64_t request);

  private:
    struct State;
    std::shared_ptr<State> state_; // shared with what waits
};

} // namespace skep::sensor
