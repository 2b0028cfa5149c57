#include "net/tcp_stream.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>

using namespace skep;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

/// A connected pair: ours as a stream, the peer's as a plain descriptor.
struct Fixture {
    asio::io_context io;
    net::Deadlines deadlines{io};
    std::array<int, 2> ends{-1, -1};
    std::optional<net::TcpStream> stream;

    Fixture() {
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
        stream.emplace(io, ends[0], deadlines);
    }

    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;

    ~Fixture() {
        if (ends[1] >= 0) ::close(ends[1]);
    }

    /// Starts `task` and gives its outcome a place.
    template <class T> std::shared_ptr<std::optional<Result<T>>> spawn(Task<Result<T>> task) {
        auto outcome = std::make_shared<std::optional<Result<T>>>();
        asio::co_spawn(io, std::move(task),
                       [outcome](const std::exception_ptr& thrown, Result<T> result) {
                           if (thrown) std::rethrow_exception(thrown);
                           *outcome = std::move(result);
                       });
        io.poll();
        return outcome;
    }
};

} // namespace

TEST_CASE("a stream reads what is there and no more than asked for") {
    Fixture f;
    REQUIRE(::send(f.ends[1], "hello", 5, 0) == 5);
    const auto first = f.spawn(f.stream->read_some(3, 1s));
    REQUIRE(first->has_value());
    CHECK((*first)->value() == "hel");
    const auto second = f.spawn(f.stream->read_some(100, 1s));
    CHECK((*second)->value() == "lo");
}

TEST_CASE("a read ends with timed_out at its deadline, and the stream still works") {
    Fixture f;
    const auto late = f.spawn(f.stream->read_some(10, 5s));
    CHECK_FALSE(late->has_value());
    f.deadlines.sweep(std::chrono::steady_clock::now() + 4s);
    f.io.poll();
    CHECK_FALSE(late->has_value());
    f.deadlines.sweep(std::chrono::steady_clock::now() + 6s);
    f.io.poll();
    REQUIRE(late->has_value());
    CHECK((*late)->error().kind() == Fault::timed_out);
    REQUIRE(::send(f.ends[1], "x", 1, 0) == 1);
    const auto next = f.spawn(f.stream->read_some(10, 5s));
    CHECK((*next)->value() == "x");
}

TEST_CASE("the peer's end of stream is closed, its absence for a writer reset") {
    Fixture f;
    ::close(std::exchange(f.ends[1], -1));
    const auto read = f.spawn(f.stream->read_some(10, 1s));
    CHECK((*read)->error().kind() == Fault::closed);
    const auto written = f.spawn(f.stream->write("x", 1s));
    CHECK((*written)->error().kind() == Fault::reset);
}

TEST_CASE("a peer that does not read holds a writer until its deadline only") {
    Fixture f;
    const std::string much(8 * 1024 * 1024, 'x');
    const auto written = f.spawn(f.stream->write(much, 5s));
    CHECK_FALSE(written->has_value());
    f.deadlines.sweep(std::chrono::steady_clock::now() + 6s);
    f.io.poll();
    REQUIRE(written->has_value());
    CHECK((*written)->error().kind() == Fault::timed_out);
}

TEST_CASE("cancel ends a waiting read") {
    Fixture f;
    const auto read = f.spawn(f.stream->read_some(10, 5s));
    f.stream->cancel();
    f.io.poll();
    REQUIRE(read->has_value());
    CHECK((*read)->error().kind() == Fault::cancelled);
}

TEST_CASE("a stream that resets at its end breaks the peer's connection") {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener, generic, size) == 0);
    REQUIRE(::listen(listener, 1) == 0);
    REQUIRE(::getsockname(listener, generic, &size) == 0);
    const int peer = ::socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(::connect(peer, generic, size) == 0);
    Fixture f;
    {
        skep::net::TcpStream stream{f.io, ::accept(listener, nullptr, nullptr), f.deadlines};
        stream.reset_at_end();
    }
    char byte = 0;
    CHECK(::recv(peer, &byte, 1, 0) == -1);
    CHECK(errno == ECONNRESET);
    ::close(peer);
    ::close(listener);
}
