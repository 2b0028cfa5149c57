#include "hub/api/server.hpp"

#include "hub/api/server_state.hpp"
#include "hub/api/target.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <unistd.h>

namespace skep::hub::api {
namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

using Parser = http::request_parser<http::string_body>;
using StatePointer = std::shared_ptr<Server::State>;

constexpr std::size_t file_block_bytes = std::size_t{64} * 1024;
constexpr auto accept_pause = std::chrono::milliseconds{100};

std::string field(const Parser& parser, std::string_view name) {
    const auto value = parser.get()[{name.data(), name.size()}];
    return {value.data(), value.size()};
}

/// Fault::malformed for a target that is none.
Result<Request> to_request(Parser& parser, std::string peer) {
    const auto target = parser.get().target();
    TRY(auto parsed, parse_target({target.data(), target.size()}));
    const auto method = parser.get().method_string();
    Request request;
    request.method.assign(method.data(), method.size());
    if (request.method == "HEAD") request.method = "GET";
    request.path = std::move(parsed.path);
    request.query = std::move(parsed.query);
    request.peer = std::move(peer);
    request.host = field(parser, "Host");
    request.origin = field(parser, "Origin");
    request.cookie = field(parser, "Cookie");
    request.csrf = field(parser, "X-CSRF-Token");
    request.last_event_id = field(parser, "Last-Event-ID");
    request.body = std::move(parser.get().body());
    return request;
}

/// The head of an answer, with the fields of every one. No value in it comes from a peer but for
/// the checked digest in a file's name.
std::string head_of(const Response& response, bool keep_alive) {
    const auto reason = http::obsolete_reason(static_cast<http::status>(response.status));
    std::string head =
        fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nConnection: {}\r\n", response.status,
                    std::string{reason}, response.type, keep_alive ? "keep-alive" : "close");
    if (!response.live)
        head += fmt::format("Content-Length: {}\r\n",
                            response.file ? response.file->bytes : response.body.size());
    bool cached = false;
    for (const auto& [name, value] : response.headers) {
        head += fmt::format("{}: {}\r\n", name, value);
        cached = cached || name == "Cache-Control";
    }
    if (!cached) head += "Cache-Control: no-store\r\n";
    for (const auto& [name, value] : security_headers())
        head += fmt::format("{}: {}\r\n", name, value);
    return head + "\r\n";
}

/// What a head that cannot be read is answered with; nothing for a connection that broke.
std::optional<Response> of_parse_error(const boost::system::error_code& error) {
    if (error == http::error::header_limit)
        return Response::error(431, "the head is larger than limits.hub_header_bytes");
    if (error == http::error::body_limit)
        return Response::error(413, "the body is larger than limits.hub_request_bytes");
    if (error == http::error::end_of_stream || error == http::error::partial_message)
        return std::nullopt;
    if (error.category() == make_error_code(http::error::bad_method).category())
        return Response::error(400, "not HTTP/1.1");
    return std::nullopt;
}

class Connection final : public ClientWriter {
  public:
    Connection(StatePointer state, tcp::socket socket)
        : state_{std::move(state)}, stream_{std::move(socket)} {
        boost::system::error_code error;
        const auto peer = stream_.socket().remote_endpoint(error);
        if (!error) peer_ = peer.address().to_string();
        ++state_->connections;
    }

    ~Connection() override {
        --state_->connections;
        if (state_->room) state_->room();
    }

    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Task<void> serve() {
        bool going_on = true;
        while (going_on)
            going_on = co_await serve_one();
        boost::system::error_code ignored;
        stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    }

    Task<bool> write(std::string_view bytes) override {
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        stream_.expires_after(state_->limits.idle);
        const auto buffer = asio::buffer(bytes.data(), bytes.size());
        co_await asio::async_write(stream_, buffer, token);
        co_return !error;
    }

    Task<void> pause(Waiting& waiting, std::chrono::milliseconds time) override {
        stream_.expires_never();
        asio::steady_timer timer{stream_.get_executor(), time};
        waiting.wake = [&timer] { timer.cancel(); };
        boost::system::error_code ignored;
        auto token = asio::redirect_error(asio::use_awaitable, ignored);
        co_await timer.async_wait(token);
        waiting.wake = nullptr;
    }

  private:
    /// One request and its answer; false if it was the last.
    Task<bool> serve_one() {
        Parser parser;
        parser.header_limit(state_->limits.header_bytes);
        parser.body_limit(state_->limits.request_bytes);
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        stream_.expires_after(state_->limits.idle);
        co_await http::async_read(stream_, buffer_, parser, token);
        if (error) {
            auto refused = of_parse_error(error);
            if (refused) co_await send(*refused, false, false);
            co_return false;
        }
        stream_.expires_never(); // the answer may be as slow as limits.hub_query_seconds lets it
        const bool body_wanted = parser.get().method() != http::verb::head;
        const bool keep_alive = parser.keep_alive();
        auto request = to_request(parser, peer_);
        if (!request) {
            auto refused = Response::error(400, request.error().detail());
            co_await send(refused, keep_alive, body_wanted);
            co_return keep_alive;
        }
        // The live feed looks at the request for as long as it runs.
        auto copy = *request;
        auto response = co_await state_->service.answer(std::move(copy));
        if (response.live) {
            co_await live(*request, response, body_wanted);
            co_return false;
        }
        const bool sent = co_await send(response, keep_alive, body_wanted);
        co_return sent&& keep_alive;
    }

    Task<bool> send(Response& response, bool keep_alive, bool body_wanted) {
        auto text = head_of(response, keep_alive);
        if (body_wanted && !response.file) text += response.body;
        bool good = co_await write(text);
        if (!good || !body_wanted || !response.file) co_return good;
        std::string block(file_block_bytes, '\0');
        std::uint64_t at = 0;
        while (good && at < response.file->bytes) {
            const auto wanted = std::min<std::uint64_t>(block.size(), response.file->bytes - at);
            const auto count = ::pread(response.file->file.get(), block.data(),
                                       static_cast<std::size_t>(wanted), static_cast<off_t>(at));
            if (count <= 0) co_return false; // shorter than it was: the client sees the break
            at += static_cast<std::uint64_t>(count);
            const std::string_view part{block.data(), static_cast<std::size_t>(count)};
            good = co_await write(part);
        }
        co_return good;
    }

    Task<void> live(const Request& request, Response& response, bool body_wanted) {
        if (state_->live_clients >= state_->limits.live_clients) {
            auto full =
                Response::error(503, "too many live feeds; setting limits.hub_live_clients");
            co_await send(full, false, body_wanted);
            co_return;
        }
        const auto head = head_of(response, false);
        const bool sent = co_await write(head);
        if (!sent || !body_wanted) co_return;
        ++state_->live_clients;

        struct Leave {
            StatePointer state;

            ~Leave() { --state->live_clients; }
        };

        const Leave leave{state_};
        co_await serve_live(state_, request, *this);
    }

    StatePointer state_;
    boost::beast::tcp_stream stream_;
    boost::beast::flat_buffer buffer_;
    std::string peer_;
};

Task<void> serve_connection(StatePointer state, tcp::socket socket) {
    Connection connection{std::move(state), std::move(socket)};
    co_await connection.serve();
}

/// An exception is a bug or no memory: it ends one connection.
void report(const std::exception_ptr& thrown) {
    if (!thrown) return;
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        fmt::print(stderr, "error hub: a connection ended by {}\n", error.what());
    }
}

Task<void> accept_all(StatePointer state, std::shared_ptr<tcp::acceptor> acceptor) {
    const auto executor = acceptor->get_executor();
    asio::steady_timer room{executor};
    state->room = [&room] { room.cancel(); };

    /// At the end of the loop this coroutine may be gone before the last connection.
    struct NoRoom {
        StatePointer state;

        ~NoRoom() { state->room = nullptr; }
    };

    const NoRoom no_room{state};
    while (acceptor->is_open()) {
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        if (state->connections >= state->limits.connections) {
            room.expires_at(asio::steady_timer::time_point::max());
            co_await room.async_wait(token);
            continue;
        }
        tcp::socket socket{executor};
        co_await acceptor->async_accept(socket, token);
        if (!error) {
            auto served = serve_connection(state, std::move(socket));
            asio::co_spawn(executor, std::move(served), report);
        } else if (acceptor->is_open()) {
            // No descriptors: let some connections end.
            room.expires_after(accept_pause);
            co_await room.async_wait(token);
        }
    }
}

} // namespace

Server::Server(Service& service, LiveFeed& feed, const ServerLimits& limits)
    : state_{std::make_shared<State>(State{service, feed, limits, 0, 0, {}, {}, {}})} {}

Server::~Server() {
    stop();
}

void Server::listen(asio::io_context& io, process::Descriptor socket) {
    // Shared by the coroutine that accepts and by `stop`. The protocol given here is not looked at
    // again: the sockets it accepts know their own.
    auto acceptor = std::make_shared<tcp::acceptor>(io);
    boost::system::error_code error;
    acceptor->assign(tcp::v4(), socket.release(), error);
    if (error) {
        fmt::print(stderr, "error hub: the listening socket: {}\n", error.message());
        return;
    }
    state_->stop_accepting = [weak = std::weak_ptr{acceptor}, state = std::weak_ptr{state_}] {
        boost::system::error_code ignored;
        if (const auto open = weak.lock()) open->close(ignored);
        if (const auto held = state.lock(); held && held->room) held->room();
    };
    auto accepting = accept_all(state_, std::move(acceptor));
    asio::co_spawn(io, std::move(accepting), report);
}

void Server::publish(std::vector<LiveEvent> events) {
    state_->feed.publish(std::move(events));
    for (auto* waiting : state_->waiting)
        if (waiting->wake) waiting->wake();
}

void Server::stop() {
    if (state_->stop_accepting) std::exchange(state_->stop_accepting, nullptr)();
}

} // namespace skep::hub::api
