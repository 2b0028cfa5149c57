// Accepts connections within the limits and starts their services.
#pragma once

#include "process/child.hpp"
#include "sensor/connection.hpp"

#include <memory>

namespace skep::sensor {

/// Everything of one sensor process. Used by one thread.
class Sensor {
  public:
    /// Reads the personas of all enabled services; Fault::refused with file and line if one is
    /// wrong.
    static Result<std::unique_ptr<Sensor>> make(boost::asio::io_context& io,
                                                const process::RoleContext& context);
    ~Sensor();
    Sensor(const Sensor&) = delete;
    Sensor& operator=(const Sensor&) = delete;

    /// Takes sockets from the supervisor from now on.
    void start();

  private:
    struct State;
    explicit Sensor(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace skep::sensor
