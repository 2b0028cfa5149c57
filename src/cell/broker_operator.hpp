// What an operator may ask of the running cells: `skep cell` speaks with the cells role over a Unix
// socket of the state directory, which only the deployment's user and root can reach.
//
// A request is one line: `list`, `show CELL`, `kill CELL`, `reset CELL`. The answer is lines of
// JSON, of which the last has `done` (true) or `error` (a sentence). Then the connection ends.
#pragma once

#include "base/result.hpp"
#include "process/descriptor.hpp"

#include <memory>

namespace boost::asio {
class io_context;
}

namespace skep::cell {

class Broker;

/// Relative to the state directory.
constexpr const char* control_socket = "run/cells.sock";

/// Longest request, with its end of line.
constexpr std::size_t control_request_bytes = 64;

/// Binds it in the current directory in place of an older one. Fault::refused with the reason.
Result<process::Descriptor> bind_control_socket();

/// Answers operators until it is destroyed. `broker` outlives it.
class Control {
  public:
    Control(boost::asio::io_context& io, Broker& broker, process::Descriptor listening);
    ~Control();
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;

  private:
    struct State;
    std::shared_ptr<State> state_; // shared with its coroutines
};

} // namespace skep::cell
