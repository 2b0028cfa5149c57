#include "sensor/terminal.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace skep::sensor {
namespace asio = boost::asio;
using AsioDescriptor = asio::posix::stream_descriptor;

namespace {

constexpr std::size_t read_bytes_max =
    32 * 1024; ///< One recording message; well below message_bytes_max.
constexpr std::uint32_t cells_a_side_max = 1000;
constexpr std::uint32_t usual_columns = 80;
constexpr std::uint32_t usual_rows = 24;

} // namespace

struct CellTerminal::State {
    TerminalContext context;
    std::uint64_t request;
    AsioDescriptor master;
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    std::uint32_t index = 0;
    std::size_t output_bytes = 0;

    State(TerminalContext with, OpenedCell& opened)
        : context{std::move(with)}, request{opened.request()},
          master{context.io, opened.take_terminal().release()} {
        boost::system::error_code ignored;
        master.native_non_blocking(true, ignored);
    }

    void record(char kind, std::string_view data) {
        const auto passed = std::chrono::steady_clock::now() - start;
        const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(passed).count();
        context.recorder.recording_data(context.session, index++,
                                        static_cast<std::uint64_t>(micros), kind, data);
    }

    void set_size(std::uint32_t columns, std::uint32_t rows) const {
        winsize size{};
        size.ws_col = static_cast<unsigned short>(std::min(columns, cells_a_side_max));
        size.ws_row = static_cast<unsigned short>(std::min(rows, cells_a_side_max));
        ::ioctl(const_cast<AsioDescriptor&>(master).native_handle(), TIOCSWINSZ, &size);
    }

    Task<bool> ready(AsioDescriptor::wait_type direction) {
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        co_await master.async_wait(direction, token);
        co_return !error;
    }
};

CellTerminal::CellTerminal(TerminalContext context,
                           OpenedCell opened,
                           const service::ProgramRequest& request)
    : state_{std::make_unique<State>(std::move(context), opened)} {
    auto event = state_->context.make_event("log.open");
    // A terminal whose size nobody told has 0 columns and rows for its programs; players need some.
    const auto columns = request.columns == 0 ? usual_columns : request.columns;
    const auto rows = request.rows == 0 ? usual_rows : request.rows;
    state_->context.recorder.recording_open(state_->context.session, event, columns, rows,
                                            request.term);
    state_->set_size(request.columns, request.rows);
}

CellTerminal::~CellTerminal() {
    state_->context.cells.close(state_->request);
    auto event = state_->context.make_event("log.closed");
    state_->context.recorder.recording_close(state_->context.session, event);
}

Task<Result<std::string>> CellTerminal::read_output(std::size_t bytes_max) {
    static thread_local std::string buffer(read_bytes_max, '\0');
    auto& state = *state_;
    for (;;) {
        const auto count =
            ::read(state.master.native_handle(), buffer.data(), std::min(bytes_max, buffer.size()));
        if (count > 0) {
            std::string bytes(buffer, 0, static_cast<std::size_t>(count));
            state.output_bytes += bytes.size();
            if (state.output_bytes > state.context.output_bytes_max)
                co_return fail(Fault::over_limit, "cell_output_bytes");
            state.record('o', bytes);
            co_return bytes;
        }
        if (count == 0 || (errno != EAGAIN && errno != EINTR)) co_return fail(Fault::closed);
        if (errno == EINTR) continue;
        const bool ready = co_await state.ready(AsioDescriptor::wait_read);
        if (!ready) co_return fail(Fault::cancelled);
    }
}

Task<Result<void>> CellTerminal::write(std::string_view bytes) {
    auto& state = *state_;
    for (auto rest = bytes; !rest.empty();
         rest.remove_prefix(std::min(rest.size(), read_bytes_max)))
        state.record('i', rest.substr(0, read_bytes_max));
    while (!bytes.empty()) {
        const auto count = ::write(state.master.native_handle(), bytes.data(), bytes.size());
        if (count >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(count));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) co_return fail(Fault::closed);
        const bool ready = co_await state.ready(AsioDescriptor::wait_write);
        if (!ready) co_return fail(Fault::cancelled);
    }
    co_return Result<void>{};
}

void CellTerminal::resize(std::uint32_t columns, std::uint32_t rows) {
    state_->set_size(columns, rows);
    state_->record('r', fmt::format("{}x{}", std::min(columns, cells_a_side_max),
                                    std::min(rows, cells_a_side_max)));
}

Task<Result<std::string>> CellTerminal::read_errors(std::size_t) {
    co_return fail(Fault::closed);
}

void CellTerminal::signal(std::string_view) {}

Task<Result<service::Exit>> CellTerminal::exited() {
    co_return fail(Fault::closed);
}

} // namespace skep::sensor
