// A program in the attacker's cell, with the recording of what goes in and out.
#pragma once

#include "process/recorder_link.hpp"
#include "sensor/cells_link.hpp"
#include "service/service.hpp"

#include <functional>

namespace skep::sensor {

/// What a program needs to know of its session.
struct ProgramContext {
    boost::asio::io_context& io;
    process::RecorderLink& recorder;
    CellsLink& cells;
    std::function<event::Event(std::string_view)>
        make_event;                   ///< An event with the session's fields.
    std::string recording;            ///< Name of its recording.
    std::size_t output_bytes_max = 0; ///< limits.cell_output_bytes
};

/// Records from its start to its end; the cell hears of the end. Standard error is recorded as
/// output, as a terminal would show it.
class CellProgram final : public service::Program {
  public:
    CellProgram(ProgramContext context, OpenedCell opened, const service::ProgramRequest& request);
    ~CellProgram() override;
    CellProgram(const CellProgram&) = delete;
    CellProgram& operator=(const CellProgram&) = delete;

    Task<Result<std::string>> read_output(std::size_t bytes_max) override;
    Task<Result<std::string>> read_errors(std::size_t bytes_max) override;
    Task<Result<void>> write(std::string_view bytes) override;
    void end_input() override;
    void resize(std::uint32_t columns, std::uint32_t rows) override;
    void drain() override;
    void signal(std::string_view name) override;
    void hang_up() override;
    Task<Result<service::Exit>> exited() override;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace skep::sensor
