#include "base/wire.hpp"
#include "process/channel.hpp"
#include "process/recorder_link.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <catch2/catch.hpp>
#include <unistd.h>

using namespace skep;
using namespace skep::process;
namespace asio = boost::asio;

namespace {

std::pair<Descriptor, Descriptor> pair_or_fail() {
    auto pair = make_channel_pair();
    REQUIRE(pair.has_value());
    return *std::move(pair);
}

Task<void> receive_all(Channel& channel, std::vector<std::string>& into) {
    for (;;) {
        auto message = co_await channel.receive();
        if (!message) co_return;
        into.push_back(message->payload);
    }
}

std::uint64_t sequence_of(const Message& message) {
    WireReader in{message.payload};
    return in.u64();
}

/// The payload of the next packet on a socket that is sure to have one.
Message next(const Descriptor& socket) {
    auto message = receive_now(socket.get());
    REQUIRE(message.has_value());
    return *std::move(message);
}

/// Runs what is ready.
void turn(asio::io_context& io) {
    io.restart();
    io.poll();
}

std::string sequence(std::uint64_t number) {
    WireWriter out;
    out.u64(number);
    return std::move(out).take();
}

} // namespace

TEST_CASE("a channel carries more than the kernel's queue holds, in order") {
    auto [left, right] = pair_or_fail();
    asio::io_context io;
    Channel channel{io, std::move(left)};
    const std::string body(60'000, 'x');
    for (int i = 0; i < 200; ++i)
        REQUIRE(channel.send(MessageKind::event, body + std::to_string(i)));
    REQUIRE(channel.queued_bytes() > 0);
    Channel reader{io, std::move(right)};
    std::vector<std::string> got;
    asio::co_spawn(io, receive_all(reader, got), asio::detached);
    while (got.size() < 200)
        io.run_one();
    CHECK(got.front() == body + "0");
    CHECK(got.back() == body + "199");
    CHECK(channel.queued_bytes() == 0);
    reader.close();
    channel.close();
    io.run();
}

TEST_CASE("a descriptor travels with its message and still works") {
    auto [left, right] = pair_or_fail();
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const Descriptor read_end{ends[0]};
    Descriptor write_end{ends[1]};
    REQUIRE(send_now(left.get(), MessageKind::peer, "name", write_end.get()));
    write_end.reset();
    auto message = next(right);
    CHECK(message.kind == MessageKind::peer);
    CHECK(message.payload == "name");
    REQUIRE(message.descriptor.valid());
    REQUIRE(::write(message.descriptor.get(), "ok", 2) == 2);
    std::array<char, 2> bytes{};
    REQUIRE(::read(read_end.get(), bytes.data(), 2) == 2);
    CHECK(std::string(bytes.data(), 2) == "ok");
}

TEST_CASE("a message over the limit is refused by the sender") {
    const auto [left, right] = pair_or_fail();
    const auto sent = send_now(left.get(), MessageKind::event, std::string(message_bytes_max, 'x'));
    REQUIRE_FALSE(sent.has_value());
    CHECK(sent.error().kind() == Fault::over_limit);
}

TEST_CASE("what the recorder has not acknowledged goes to the next recorder") {
    asio::io_context io;
    RecorderLink link{io, 1000, 1024};
    for (int i = 0; i < 3; ++i) {
        event::Event event{"command.input", 1'000'000};
        event.number("size", i);
        link.record(std::move(event));
    }
    auto [first, first_end] = pair_or_fail();
    link.attach(std::move(first));
    turn(io);
    CHECK(sequence_of(next(first_end)) == 1);
    REQUIRE(send_now(first_end.get(), MessageKind::acknowledged, sequence(1)));
    turn(io);
    CHECK(link.unacknowledged() == 2);
    first_end.reset();
    turn(io);
    auto [second, second_end] = pair_or_fail();
    link.attach(std::move(second));
    turn(io);
    CHECK(sequence_of(next(second_end)) == 2);
    CHECK(sequence_of(next(second_end)) == 3);
    bool drained = false;
    link.on_drained = [&] { drained = true; };
    REQUIRE(send_now(second_end.get(), MessageKind::acknowledged, sequence(3)));
    turn(io);
    CHECK(drained);
    CHECK(link.unacknowledged() == 0);
}

TEST_CASE("a link is full at limits.events_unacknowledged and not before") {
    asio::io_context io;
    RecorderLink link{io, 2, 1024};
    link.record(event::Event{"command.input", 0});
    CHECK_FALSE(link.full());
    link.record(event::Event{"command.input", 0});
    CHECK(link.full());
}

TEST_CASE("an event whose escapes are long still fits a packet") {
    asio::io_context io;
    RecorderLink link{io, 10, 32768};
    event::Event event{"login.failed", 0};
    event.text("username", std::string(32768, '\0'));
    event.text("password", std::string(32768, '\xff') + '\0');
    link.record(std::move(event));
    auto [ours, other] = pair_or_fail();
    link.attach(std::move(ours));
    turn(io);
    const auto message = next(other);
    CHECK(message.payload.size() < message_bytes_max);
    CHECK(message.payload.find("\"truncated\":true") != std::string::npos);
}

TEST_CASE("a message carries up to three descriptors, in order") {
    auto [left, right] = pair_or_fail();
    std::array<std::array<int, 2>, 2> pipes{};
    for (auto& pipe : pipes)
        REQUIRE(::pipe(pipe.data()) == 0);
    const std::array<int, 3> sent{pipes[0][0], pipes[0][1], pipes[1][1]};
    REQUIRE(send_now(left.get(), MessageKind::cell_opened, "p", sent));
    auto first = next(right);
    for (const auto& pipe : pipes)
        for (const int end : pipe)
            ::close(end);
    // And on, by a channel.
    asio::io_context io;
    Channel channel{io, std::move(right)};
    CHECK(channel.send(std::move(first)));
    turn(io);
    const auto again = next(left);
    REQUIRE(again.descriptor.valid());
    REQUIRE(again.more[0].valid());
    REQUIRE(again.more[1].valid());
    CHECK(::write(again.more[0].get(), "x", 1) == 1);
    char byte = 0;
    CHECK(::read(again.descriptor.get(), &byte, 1) == 1);
    CHECK(byte == 'x');
}
