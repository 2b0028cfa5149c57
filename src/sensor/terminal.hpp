// An open shell's terminal, with the recording of what goes in and out.
#pragma once

#include "process/recorder_link.hpp"
#include "sensor/cells_link.hpp"
#include "service/service.hpp"

#include <chrono>
#include <functional>

namespace skep::sensor {

/// What a terminal needs to know of its session.
struct TerminalContext {
    boost::asio::io_context& io;
    process::RecorderLink& recorder;
    CellsLink& cells;
    std::function<event::Event(std::string_view)>
        make_event; ///< An event with the session's fields.
    std::string session;
    std::size_t output_bytes_max = 0; ///< limits.cell_output_bytes
};

/// Records from its start to its end; the cell hears of the end.
class CellTerminal final : public service::Program {
  public:
    CellTerminal(TerminalContext context,
                 OpenedCell opened,
                 const service::ProgramRequest& request);
    ~CellTerminal() override;
    CellTerminal(const CellTerminal&) = delete;
    CellTerminal& operator=(const CellTerminal&) = delete;

    Task<Result<std::string>> read_output(std::size_t bytes_max) override;
    Task<Result<std::string>> read_errors(std::size_t bytes_max) override;
    Task<Result<void>> write(std::string_view bytes) override;

    void end_input() override {}

    void resize(std::uint32_t columns, std::uint32_t rows) override;
    void signal(std::string_view name) override;
    Task<Result<service::Exit>> exited() override;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace skep::sensor
