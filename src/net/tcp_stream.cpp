#include "net/tcp_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <tuple>
#include <utility>

namespace skep::net {
namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

namespace {

constexpr std::size_t read_bytes_max = 64 * 1024;

/// A read that waits no longer than this is one whose end a peer can measure (a delay after a wrong
/// password): it gets a timer of its own.
constexpr std::chrono::milliseconds exact_within_max{4999};

std::string text_of(const sockaddr_storage& address, std::uint16_t& port) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        port = ntohs(v4.sin_port);
        return ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    }
    if (address.ss_family != AF_INET6) return {};
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    port = ntohs(v6.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
        return ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
    return ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
}

Fault fault_of(int error) {
    return error == ECONNRESET || error == EPIPE || error == ETIMEDOUT ? Fault::reset
                                                                       : Fault::closed;
}

} // namespace

struct TcpStream::State {
    /// A deadline that ends one direction's wait by cancelling the socket.
    struct Wait final : Deadline {
        State& state;
        bool late = false;

        explicit Wait(State& of) : state{of} {}

        ~Wait() override { state.deadlines.remove(*this); }

        Wait(const Wait&) = delete;
        Wait& operator=(const Wait&) = delete;

        void expired() override {
            late = true;
            state.socket.cancel();
        }
    };

    Descriptor socket;
    Deadlines& deadlines;
    Wait reading;
    asio::steady_timer* pausing = nullptr; ///< The timer of a pause, for cancel().

    State(asio::io_context& io, int fd, Deadlines& list)
        : socket{io, fd}, deadlines{list}, reading{*this} {}

    /// The same as ready() for reading, ended on time and not within a second.
    Task<Result<void>> readable_within(std::chrono::milliseconds within) {
        asio::steady_timer timer{socket.get_executor(), within};
        const auto open = std::make_shared<bool>(true); // the timer's handler may run after us
        timer.async_wait([this, open](const boost::system::error_code& error) {
            if (!error && *open) reading.expired();
        });
        auto result = co_await ready(Descriptor::wait_read, reading);
        *open = false;
        co_return result;
    }

    /// Waits until the socket is ready for `direction`, at most until `wait`'s deadline.
    Task<Result<void>> ready(Descriptor::wait_type direction, Wait& wait) {
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        co_await socket.async_wait(direction, token);
        if (wait.late) co_return fail(Fault::timed_out);
        if (error) co_return fail(Fault::cancelled);
        co_return Result<void>{};
    }

    Task<Result<void>> send(std::string_view bytes, int flags, std::chrono::milliseconds within) {
        Wait wait{*this}; // here, as few connections ever wait to write
        while (!bytes.empty()) {
            if (!socket.is_open()) co_return fail(Fault::cancelled);
            const auto count = ::send(socket.native_handle(), bytes.data(), bytes.size(), flags);
            if (count >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(count));
                continue;
            }
            if (errno == EINTR) continue;
            if (errno != EAGAIN) co_return fail(fault_of(errno));
            deadlines.start(wait, within);
            CO_CHECK(co_await ready(Descriptor::wait_write, wait));
            deadlines.remove(wait);
        }
        co_return Result<void>{};
    }
};

TcpStream::TcpStream(asio::io_context& io, int fd, Deadlines& deadlines)
    : state_{std::make_unique<State>(io, fd, deadlines)} {
    boost::system::error_code ignored;
    state_->socket.native_non_blocking(true, ignored);
}

TcpStream::~TcpStream() = default;

Task<Result<std::string>> TcpStream::read_some(std::size_t bytes_max,
                                               std::chrono::milliseconds within) {
    static thread_local std::string buffer(read_bytes_max, '\0');
    auto& wait = state_->reading;
    wait.late = false;
    for (;;) {
        if (!state_->socket.is_open()) co_return fail(Fault::cancelled);
        const auto count = ::recv(state_->socket.native_handle(), buffer.data(),
                                  std::min(bytes_max, buffer.size()), MSG_DONTWAIT);
        if (count > 0) co_return std::string(buffer, 0, static_cast<std::size_t>(count));
        if (count == 0) co_return fail(Fault::closed);
        if (errno == EINTR) continue;
        if (errno != EAGAIN) co_return fail(fault_of(errno));
        if (within <= exact_within_max) {
            CO_CHECK(co_await state_->readable_within(within));
            continue;
        }
        // What an idle connection waits in: without ready(), and deferred instead of awaitable, as
        // each would be a coroutine frame of some 300 bytes.
        state_->deadlines.start(wait, within);
        auto waiting =
            state_->socket.async_wait(Descriptor::wait_read, asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(waiting);
        const auto& error = std::get<0>(outcome);
        state_->deadlines.remove(wait);
        if (wait.late) co_return fail(Fault::timed_out);
        if (error) co_return fail(Fault::cancelled);
    }
}

Task<Result<void>> TcpStream::write(std::string_view bytes, std::chrono::milliseconds within) {
    return state_->send(bytes, MSG_DONTWAIT | MSG_NOSIGNAL, within);
}

Task<Result<void>> TcpStream::write_urgent(char byte, std::chrono::milliseconds within) {
    co_return co_await state_->send({&byte, 1}, MSG_OOB | MSG_DONTWAIT | MSG_NOSIGNAL, within);
}

Task<Result<void>> TcpStream::pause(std::chrono::milliseconds time) {
    asio::steady_timer timer{state_->socket.get_executor(), time};
    boost::system::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    state_->pausing = &timer;
    co_await timer.async_wait(token);
    state_->pausing = nullptr;
    if (error || !state_->socket.is_open()) co_return fail(Fault::cancelled);
    char byte = 0;
    const auto count = ::recv(state_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count == 0) co_return fail(Fault::closed);
    if (count < 0 && errno != EAGAIN && errno != EINTR) co_return fail(fault_of(errno));
    co_return Result<void>{};
}

void TcpStream::reset_at_end() {
    if (!state_->socket.is_open()) return;
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(state_->socket.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void TcpStream::send_as(Sending sending) {
    if (state_->socket.is_open()) set_sending(state_->socket.native_handle(), sending);
}

void TcpStream::close() {
    boost::system::error_code ignored;
    state_->socket.close(ignored);
}

void TcpStream::cancel() {
    if (state_->pausing != nullptr) state_->pausing->cancel();
    if (state_->socket.is_open()) ::shutdown(state_->socket.native_handle(), SHUT_RD);
    boost::system::error_code ignored;
    state_->socket.close(ignored);
}

Endpoints endpoints_of(int socket) {
    Endpoints ends;
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0)
        ends.peer_ip = text_of(address, ends.peer_port);
    size = sizeof address;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0)
        ends.own_ip = text_of(address, ends.own_port);
    return ends;
}

} // namespace skep::net
