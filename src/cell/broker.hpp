// Knows every cell: gives sensors their shells, passes events on to the recorder, ends cells that
// nobody uses.
#pragma once

#include "process/channel.hpp"
#include "process/recorder_link.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace skep::cell {

struct BrokerPlan {
    std::size_t cells_max = 1000;
    std::int64_t idle_seconds = 86400;
    std::map<std::string, std::string> image_of; ///< By persona.
};

/// Parses what sensors and supervisors of cells send, both of which may have been taken over: it
/// owns nothing but sockets.
class Broker {
  public:
    Broker(boost::asio::io_context& io,
           BrokerPlan plan,
           process::RecorderLink& recorder,
           process::Descriptor launcher);
    ~Broker();
    Broker(const Broker&) = delete;
    Broker& operator=(const Broker&) = delete;

    /// Starts to listen to the launcher. `on_ready` runs when it has set itself up, `on_broken`
    /// with a sentence if it cannot or when it is gone.
    void start(std::function<void()> on_ready, std::function<void(std::string_view)> on_broken);

    /// Serves one sensor until it is gone.
    void add_sensor(process::Descriptor socket);

    /// Cells that are running.
    std::size_t cells() const;

    /// Ends every cell's processes; their files stay for the next start.
    void stop();

    // For operators; each row is one line of JSON without its end.
    std::vector<std::string> list() const;
    /// With the programs that sessions have started. Fault::refused for a cell that does not run.
    Result<std::string> show(const std::string& id) const;
    /// Ends the processes; the files stay for the source's next visit.
    Result<std::string> kill(const std::string& id);
    /// Ends the processes and deletes the files, also of a cell that does not run: the next visit
    /// finds a new machine.
    Result<std::string> reset(const std::string& id);

  private:
    struct State;
    std::shared_ptr<State> state_; // shared with the coroutines that read from sensors and cells
};

} // namespace skep::cell
