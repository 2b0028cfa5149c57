// The recorder's work on one loop: what each message of a client does, and when it is acknowledged.
#pragma once

#include "base/settings.hpp"
#include "base/time.hpp"
#include "process/descriptor.hpp"
#include "recorder/files.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace skep::recorder {

/// What the recorder needs from outside; tests put their own in.
struct Surroundings {
    std::string state_directory;
    const Clock* clock = &system_clock();
    FileCalls calls = system_files();
    /// Free bytes of the state directory's disk; empty: what the system says.
    std::function<std::uint64_t()> free_bytes;
    std::function<void(std::string_view name, std::uint64_t value)> report;
    std::function<void(std::string_view name, std::string_view text)> notice;
};

/// The directories below the state directory that it writes, as Landlock needs them.
std::vector<std::string> written_directories(const std::string& state_directory);

/// Owned by its process's loop and used by that thread. Its workers only wait for disks.
class Recorder {
  public:
    /// Opens everything and recovers what a crash left. No thread runs yet.
    static Result<std::unique_ptr<Recorder>>
    open(boost::asio::io_context& io, const Settings& settings, Surroundings surroundings);
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    /// Starts the workers and the clock's tick. After the sandbox.
    void start();

    /// Serves a peer until it is gone.
    void attach(const std::string& name, process::Descriptor socket);

    /// Serves the peers that are left until they are gone or still for a moment, makes everything
    /// durable, and then calls `done`.
    void stop(std::function<void()> done);

  private:
    struct State;
    explicit Recorder(std::shared_ptr<State> state);
    std::shared_ptr<State> state_; // shared with coroutines that see the end one loop turn later
};

} // namespace skep::recorder
