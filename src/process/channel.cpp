#include "process/channel.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <sys/socket.h>
#include <unistd.h>

namespace skep::process {
namespace asio = boost::asio;

namespace {

constexpr int socket_buffer_bytes = 4 * 1024 * 1024;

constexpr std::size_t descriptors_bytes = sizeof(int) * descriptors_max;

struct Packet {
    std::string bytes; ///< The kind byte and the payload.
    std::array<Descriptor, descriptors_max> descriptors;
};

union ControlBuffer {
    std::array<char, CMSG_SPACE(descriptors_bytes)> bytes;
    cmsghdr align;
};

/// One sendmsg. Returns 0, or the errno.
int send_packet(int socket, std::string_view bytes, std::span<const int> descriptors) {
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    ControlBuffer control{};
    if (!descriptors.empty()) {
        header.msg_control = control.bytes.data();
        header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        cmsghdr* message = CMSG_FIRSTHDR(&header);
        message->cmsg_level = SOL_SOCKET;
        message->cmsg_type = SCM_RIGHTS;
        message->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(message), descriptors.data(), descriptors.size_bytes());
    }
    for (;;) {
        if (::sendmsg(socket, &header, MSG_NOSIGNAL) >= 0) return 0;
        if (errno != EINTR) return errno;
    }
}

/// The valid ones of a packet that waits.
std::span<const int> numbers_of(const Packet& packet, std::array<int, descriptors_max>& room) {
    std::size_t count = 0;
    for (const auto& descriptor : packet.descriptors)
        if (descriptor.valid()) room.at(count++) = descriptor.get();
    return std::span{room}.first(count);
}

/// All that came, whatever the sender put together: none may stay open without an owner.
std::array<Descriptor, descriptors_max> take_descriptors(msghdr& header) {
    std::array<Descriptor, descriptors_max> taken;
    std::size_t count = 0;
    for (cmsghdr* message = CMSG_FIRSTHDR(&header); message != nullptr;
         message = CMSG_NXTHDR(&header, message)) {
        if (message->cmsg_level != SOL_SOCKET || message->cmsg_type != SCM_RIGHTS) continue;
        const auto bytes = message->cmsg_len - CMSG_LEN(0);
        for (std::size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(message) + at, sizeof fd);
            Descriptor descriptor{fd};
            if (count < taken.size()) taken.at(count++) = std::move(descriptor);
        }
    }
    return taken;
}

/// One recvmsg. Fault::timed_out where a non-blocking socket has nothing.
Result<Message> receive_packet(int socket) {
    // Shared by all channels of the process: packets are copied out before the next read.
    static thread_local std::string buffer(message_bytes_max, '\0');
    iovec part{buffer.data(), buffer.size()};
    ControlBuffer control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.bytes.data();
    header.msg_controllen = control.bytes.size();
    ssize_t count = 0;
    // A peer that ended without reading everything is told once as a reset, in front of the packets
    // that it sent before: those still count.
    do
        count = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    while (count < 0 && (errno == EINTR || errno == ECONNRESET));
    if (count < 0)
        return fail(errno == EAGAIN ? Fault::timed_out : Fault::closed,
                    std::strerror(errno)); // NOLINT(concurrency-mt-unsafe)
    auto [first, second, third] = take_descriptors(header);
    if (count == 0) return fail(Fault::closed, "the other process is gone");
    if ((static_cast<unsigned>(header.msg_flags) & MSG_TRUNC) != 0U)
        return fail(Fault::malformed, "packet is too long");
    Message message;
    message.kind = static_cast<MessageKind>(buffer[0]);
    message.payload.assign(buffer, 1, static_cast<std::size_t>(count) - 1);
    message.descriptor = std::move(first);
    message.more = {std::move(second), std::move(third)};
    return message;
}

std::string packet_bytes(MessageKind kind, std::string_view payload) {
    std::string bytes;
    bytes.reserve(payload.size() + 1);
    bytes += static_cast<char>(kind);
    bytes += payload;
    return bytes;
}

} // namespace

Result<std::pair<Descriptor, Descriptor>> make_channel_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return fail(Fault::refused, "socketpair");
    std::pair<Descriptor, Descriptor> pair{Descriptor{ends[0]}, Descriptor{ends[1]}};
    for (const int end : ends) {
        // As far as net.core.wmem_max lets it; a smaller queue only means more waiting.
        ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &socket_buffer_bytes, sizeof socket_buffer_bytes);
    }
    return pair;
}

Result<void> send_now(int socket, MessageKind kind, std::string_view payload, int descriptor) {
    const std::span<const int> one{&descriptor, std::size_t{descriptor >= 0 ? 1U : 0U}};
    return send_now(socket, kind, payload, one);
}

Result<void>
send_now(int socket, MessageKind kind, std::string_view payload, std::span<const int> descriptors) {
    if (payload.size() + 1 > message_bytes_max || descriptors.size() > descriptors_max)
        return fail(Fault::over_limit, "message");
    const int error = send_packet(socket, packet_bytes(kind, payload), descriptors);
    if (error == 0) return {};
    return fail(error == EAGAIN ? Fault::timed_out : Fault::closed,
                std::strerror(error)); // NOLINT(concurrency-mt-unsafe)
}

Result<Message> receive_now(int socket) {
    return receive_packet(socket);
}

struct Channel::State : std::enable_shared_from_this<State> {
    asio::posix::stream_descriptor socket;
    std::deque<Packet> queue;
    std::size_t queued = 0;
    bool waiting = false;
    bool gone = false;

    State(asio::io_context& io, Descriptor fd) : socket{io, fd.release()} {
        boost::system::error_code ignored;
        socket.native_non_blocking(true, ignored);
    }

    /// Sends what the socket takes, then waits for room if anything is left.
    void flush() {
        while (!queue.empty() && !gone) {
            auto& front = queue.front();
            std::array<int, descriptors_max> room{};
            const int error =
                send_packet(socket.native_handle(), front.bytes, numbers_of(front, room));
            if (error == EAGAIN || error == ENOBUFS) return wait();
            if (error != 0) gone = true;
            queued -= front.bytes.size();
            queue.pop_front();
        }
        if (gone) {
            queue.clear();
            queued = 0;
        }
    }

    void wait() {
        if (waiting) return;
        waiting = true;
        socket.async_wait(asio::posix::stream_descriptor::wait_write,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                              self->waiting = false;
                              if (!error) self->flush();
                          });
    }

    static Task<Result<Message>> receive(std::shared_ptr<State> state) {
        for (;;) {
            if (!state->socket.is_open()) co_return fail(Fault::cancelled);
            auto message = receive_packet(state->socket.native_handle());
            if (message || message.error().kind() != Fault::timed_out) co_return message;
            boost::system::error_code error;
            auto token = asio::redirect_error(asio::use_awaitable, error);
            co_await state->socket.async_wait(asio::posix::stream_descriptor::wait_read, token);
            if (error) co_return fail(Fault::cancelled, error.message());
        }
    }

    static Task<void> listen(std::shared_ptr<State> state,
                             std::function<void(Message&)> on_message,
                             std::function<void()> on_end) {
        for (;;) {
            auto message = co_await receive(state);
            if (message)
                on_message(*message);
            else if (message.error().kind() == Fault::closed)
                co_return on_end();
            else if (message.error().kind() != Fault::malformed)
                co_return;
        }
    }
};

Channel::Channel(asio::io_context& io, Descriptor socket)
    : state_{std::make_shared<State>(io, std::move(socket))} {}

Channel::~Channel() {
    close();
}

Task<Result<Message>> Channel::receive() {
    return State::receive(state_);
}

void Channel::listen(std::function<void(Message&)> on_message, std::function<void()> on_end) {
    asio::co_spawn(state_->socket.get_executor(),
                   State::listen(state_, std::move(on_message), std::move(on_end)), asio::detached);
}

bool Channel::send(MessageKind kind, std::string payload, Descriptor descriptor) {
    Message message{kind, std::move(payload), std::move(descriptor), {}};
    return send(std::move(message));
}

bool Channel::send(Message message) {
    if (state_->gone || !state_->socket.is_open()) return false;
    Packet packet{
        packet_bytes(message.kind, message.payload),
        {std::move(message.descriptor), std::move(message.more[0]), std::move(message.more[1])}};
    state_->queued += packet.bytes.size();
    state_->queue.push_back(std::move(packet));
    if (!state_->waiting) state_->flush();
    return !state_->gone;
}

std::size_t Channel::queued_bytes() const noexcept {
    return state_->queued;
}

void Channel::close() {
    boost::system::error_code ignored;
    state_->socket.close(ignored);
    state_->queue.clear();
    state_->queued = 0;
}

} // namespace skep::process
