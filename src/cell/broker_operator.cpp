#include "cell/broker_operator.hpp"

#include "base/task.hpp"
#include "cell/broker.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace skep::cell {
namespace asio = boost::asio;
using Local = asio::local::stream_protocol;

namespace {

constexpr int waiting_max = 8;
constexpr std::chrono::seconds patience{10}; ///< For an operator's request.
constexpr std::chrono::seconds accept_again{1};

std::unexpected<Error> refused(const char* what) {
    return fail(Fault::refused, fmt::format("{}: {}: {}", control_socket, what,
                                            std::strerror(errno))); // NOLINT(concurrency-mt-unsafe)
}

} // namespace

Result<process::Descriptor> bind_control_socket() {
    process::Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket.valid()) return refused("socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, control_socket);
    ::mkdir("run", 0700);
    ::unlink(control_socket);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return refused("bind");
    if (::chmod(control_socket, 0600) != 0 || ::listen(socket.get(), waiting_max) != 0)
        return refused("listen");
    return socket;
}

struct Control::State : std::enable_shared_from_this<Control::State> {
    Broker& broker;
    Local::acceptor acceptor;
    bool stopping = false;

    State(asio::io_context& io, Broker& of, process::Descriptor listening)
        : broker{of}, acceptor{io, Local{}, listening.release()} {}

    /// The whole answer.
    std::string answer(std::string_view request) const {
        const auto space = std::min(request.find(' '), request.size());
        const auto verb = request.substr(0, space);
        const std::string id{request.substr(std::min(space + 1, request.size()))};
        std::string out;
        if (verb == "list") {
            for (const auto& row : broker.list())
                out += row + '\n';
            return out + "{\"done\":true}\n";
        }
        Result<std::string> said{fail(Fault::malformed, "there is no such request")};
        if (verb == "show") said = broker.show(id);
        if (verb == "kill") said = broker.kill(id);
        if (verb == "reset") said = broker.reset(id);
        if (!said) return fmt::format("{{\"error\":\"{}\"}}\n", said.error().detail());
        return *said + "{\"done\":true}\n";
    }

    static Task<void> serve(std::shared_ptr<State> state, Local::socket peer) {
        boost::system::error_code error;
        asio::steady_timer timer{peer.get_executor(), patience};
        timer.async_wait([&peer](const boost::system::error_code& cancelled) {
            if (!cancelled) peer.cancel();
        });
        std::string request;
        auto buffer = asio::dynamic_buffer(request, control_request_bytes);
        auto read_token = asio::redirect_error(asio::use_awaitable, error);
        co_await asio::async_read_until(peer, buffer, '\n', read_token);
        if (!error) {
            const auto answer =
                state->answer(std::string_view{request}.substr(0, request.find('\n')));
            const auto bytes = asio::buffer(answer);
            auto write_token = asio::redirect_error(asio::use_awaitable, error);
            co_await asio::async_write(peer, bytes, write_token);
        }
        timer.cancel();
        // The timer's handler holds a reference to the socket: it runs before that ends.
        co_await asio::post(peer.get_executor(), asio::use_awaitable);
    }

    static Task<void> accept(std::shared_ptr<State> state) {
        while (!state->stopping) {
            boost::system::error_code error;
            auto token = asio::redirect_error(asio::use_awaitable, error);
            auto peer = co_await state->acceptor.async_accept(token);
            if (error == asio::error::operation_aborted) co_return;
            if (error) { // no descriptor is left
                asio::steady_timer timer{state->acceptor.get_executor(), accept_again};
                auto pause = asio::redirect_error(asio::use_awaitable, error);
                co_await timer.async_wait(pause);
            } else
                asio::co_spawn(state->acceptor.get_executor(), serve(state, std::move(peer)),
                               asio::detached);
        }
    }
};

Control::Control(asio::io_context& io, Broker& broker, process::Descriptor listening)
    : state_{std::make_shared<State>(io, broker, std::move(listening))} {
    asio::co_spawn(io, State::accept(state_), asio::detached);
}

Control::~Control() {
    state_->stopping = true;
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
}

} // namespace skep::cell
