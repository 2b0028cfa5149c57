// The sensor's line to the cells process: asks for shells, hands out their terminals.
#pragma once

#include "base/task.hpp"
#include "process/channel.hpp"

#include <cstdint>
#include <memory>

namespace skep::sensor {

/// What a granted request is: the terminal's master side and the number to close it with.
class OpenedCell {
  public:
    OpenedCell(std::uint64_t request, process::Descriptor terminal, std::string cell)
        : request_{request}, terminal_{std::move(terminal)}, cell_{std::move(cell)} {}

    std::uint64_t request() const noexcept { return request_; }

    process::Descriptor take_terminal() noexcept { return std::move(terminal_); }

    const std::string& cell() const noexcept { return cell_; }

  private:
    std::uint64_t request_;
    process::Descriptor terminal_;
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

    /// Waits for a shell. Fault::refused with the reason, Fault::timed_out after 10 s,
    /// Fault::closed if the cells process is or goes away. `request.request` is set here.
    Task<Result<OpenedCell>> open(process::CellRequest request);

    /// Ends every waiting `open` with Fault::closed.
    void fail_waiting();

    /// The peer of that shell is gone.
    void close(std::uint64_t request);

  private:
    struct State;
    std::shared_ptr<State> state_; // shared with an `open` that waits
};

} // namespace skep::sensor
