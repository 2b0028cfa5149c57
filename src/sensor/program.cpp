#include "sensor/program.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace skep::sensor {
namespace asio = boost::asio;
using AsioDescriptor = asio::posix::stream_descriptor;

namespace {

constexpr std::size_t read_bytes_max =
    std::size_t{32} * 1024; ///< One recording message; well below message_bytes_max.
constexpr std::uint32_t cells_a_side_max = 1000;
constexpr std::uint32_t usual_columns = 80;
constexpr std::uint32_t usual_rows = 24;

/// Whether it can be read or written, or at least tells an error then.
Task<bool> ready(AsioDescriptor& descriptor, AsioDescriptor::wait_type direction) {
    boost::system::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await descriptor.async_wait(direction, token);
    co_return !error;
}

struct SignalName {
    std::uint32_t number;
    std::string_view name;
};

/// RFC 4254 section 6.10
constexpr std::array signal_names{
    SignalName{SIGABRT, "ABRT"}, SignalName{SIGALRM, "ALRM"}, SignalName{SIGFPE, "FPE"},
    SignalName{SIGHUP, "HUP"},   SignalName{SIGILL, "ILL"},   SignalName{SIGINT, "INT"},
    SignalName{SIGKILL, "KILL"}, SignalName{SIGPIPE, "PIPE"}, SignalName{SIGQUIT, "QUIT"},
    SignalName{SIGSEGV, "SEGV"}, SignalName{SIGTERM, "TERM"}, SignalName{SIGUSR1, "USR1"},
    SignalName{SIGUSR2, "USR2"},
};

/// What has no name there gets OpenSSH's (session.c of 9.2p1, sig2name).
std::string_view signal_name(std::uint32_t number) {
    const auto* const found = std::ranges::find(signal_names, number, &SignalName::number);
    return found == signal_names.end() ? "SIG@openssh.com" : found->name;
}

} // namespace

struct CellProgram::State {
    ProgramContext context;
    std::uint64_t request;
    bool has_pipes;
    AsioDescriptor input; ///< The terminal, if it has one.
    std::optional<AsioDescriptor> output, errors;
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    std::uint32_t index = 0;
    std::size_t output_bytes = 0;
    bool draining = false;

    State(ProgramContext with, OpenedCell& opened)
        : context{std::move(with)}, request{opened.request()}, has_pipes{opened.has_pipes()},
          input{context.io} {
        auto [first, second, third] = opened.take_ends();
        take(input, std::move(first));
        if (!has_pipes) return;
        take(output.emplace(context.io), std::move(second));
        take(errors.emplace(context.io), std::move(third));
    }

    static void take(AsioDescriptor& into, process::Descriptor end) {
        boost::system::error_code ignored;
        into.assign(end.release(), ignored);
        into.native_non_blocking(true, ignored);
    }

    void record(char kind, std::string_view data) {
        const auto passed = std::chrono::steady_clock::now() - start;
        const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(passed).count();
        context.recorder.recording_data(context.recording, index++,
                                        static_cast<std::uint64_t>(micros), kind, data);
    }

    void set_size(std::uint32_t columns, std::uint32_t rows) {
        winsize size{};
        size.ws_col = static_cast<unsigned short>(std::min(columns, cells_a_side_max));
        size.ws_row = static_cast<unsigned short>(std::min(rows, cells_a_side_max));
        ::ioctl(input.native_handle(), TIOCSWINSZ, &size);
    }

    Task<Result<std::string>> read(AsioDescriptor& from, std::size_t bytes_max) {
        static thread_local std::string buffer(read_bytes_max, '\0');
        for (;;) {
            if (!from.is_open()) co_return fail(Fault::closed);
            const auto count =
                ::read(from.native_handle(), buffer.data(), std::min(bytes_max, buffer.size()));
            if (count > 0) {
                std::string bytes(buffer, 0, static_cast<std::size_t>(count));
                output_bytes += bytes.size();
                if (output_bytes > context.output_bytes_max)
                    co_return fail(Fault::over_limit, "cell_output_bytes");
                record('o', bytes);
                co_return bytes;
            }
            if (count == 0 || (errno != EAGAIN && errno != EINTR)) co_return fail(Fault::closed);
            if (errno == EINTR) continue;
            if (draining) co_return fail(Fault::closed);
            const bool may = co_await ready(from, AsioDescriptor::wait_read);
            if (!may && !draining) co_return fail(Fault::cancelled);
        }
    }
};

CellProgram::CellProgram(ProgramContext context,
                         OpenedCell opened,
                         const service::ProgramRequest& request)
    : state_{std::make_unique<State>(std::move(context), opened)} {
    auto event = state_->context.make_event("log.open");
    // A terminal whose size nobody told has 0 columns and rows for its programs; players need some.
    const auto columns = request.columns == 0 ? usual_columns : request.columns;
    const auto rows = request.rows == 0 ? usual_rows : request.rows;
    state_->context.recorder.recording_open(state_->context.recording, event, columns, rows,
                                            request.term);
    if (!state_->has_pipes) state_->set_size(request.columns, request.rows);
}

CellProgram::~CellProgram() {
    state_->context.cells.close(state_->request);
    auto event = state_->context.make_event("log.closed");
    state_->context.recorder.recording_close(state_->context.recording, event);
}

Task<Result<std::string>> CellProgram::read_output(std::size_t bytes_max) {
    auto& state = *state_;
    return state.read(state.output ? *state.output : state.input, bytes_max);
}

Task<Result<std::string>> CellProgram::read_errors(std::size_t bytes_max) {
    auto& state = *state_;
    if (!state.errors) co_return fail(Fault::closed);
    co_return co_await state.read(*state.errors, bytes_max);
}

Task<Result<void>> CellProgram::write(std::string_view bytes) {
    auto& state = *state_;
    for (auto rest = bytes; !rest.empty();
         rest.remove_prefix(std::min(rest.size(), read_bytes_max)))
        state.record('i', rest.substr(0, read_bytes_max));
    while (!bytes.empty()) {
        if (!state.input.is_open()) co_return fail(Fault::closed);
        const auto count = ::write(state.input.native_handle(), bytes.data(), bytes.size());
        if (count >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(count));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) co_return fail(Fault::closed);
        const bool may = co_await ready(state.input, AsioDescriptor::wait_write);
        if (!may) co_return fail(Fault::cancelled);
    }
    co_return Result<void>{};
}

void CellProgram::end_input() {
    boost::system::error_code ignored;
    if (state_->has_pipes) state_->input.close(ignored);
}

void CellProgram::resize(std::uint32_t columns, std::uint32_t rows) {
    if (state_->has_pipes) return;
    state_->set_size(columns, rows);
    state_->record('r', fmt::format("{}x{}", std::min(columns, cells_a_side_max),
                                    std::min(rows, cells_a_side_max)));
}

void CellProgram::drain() {
    auto& state = *state_;
    state.draining = true;
    boost::system::error_code ignored;
    // A terminal's end is its session leader's.
    if (state.output) state.output->cancel(ignored);
    if (state.errors) state.errors->cancel(ignored);
}

void CellProgram::signal(std::string_view name) {
    state_->context.cells.signal(state_->request, name);
}

void CellProgram::hang_up() {
    boost::system::error_code ignored;
    auto& state = *state_;
    state.input.close(ignored);
    if (state.output) state.output->close(ignored);
    if (state.errors) state.errors->close(ignored);
}

Task<Result<service::Exit>> CellProgram::exited() {
    CO_TRY(const auto told, co_await state_->context.cells.ended(state_->request));
    service::Exit exit;
    exit.status = static_cast<int>(told.status);
    if (told.signal != 0) exit.signal = signal_name(told.signal);
    exit.core = told.core;
    co_return exit;
}

} // namespace skep::sensor
