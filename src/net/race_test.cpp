#include "net/race.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <catch2/catch.hpp>
#include <optional>
#include <stdexcept>

using namespace skep;
namespace asio = boost::asio;

namespace {

Task<Result<void>> never(bool& cancelled) {
    asio::steady_timer timer{co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max()};
    boost::system::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await timer.async_wait(token);
    cancelled = true;
    co_return fail(Fault::cancelled);
}

Task<Result<void>> ends_with(Fault fault) {
    co_return fail(fault);
}

Task<Result<void>> throws() {
    throw std::runtime_error{"a fault of ours"};
    co_return Result<void>{};
}

std::optional<Result<void>> run(Task<Result<void>> task, std::exception_ptr* thrown = nullptr) {
    asio::io_context io;
    std::optional<Result<void>> outcome;
    asio::co_spawn(io, std::move(task), [&](const std::exception_ptr& error, Result<void> result) {
        if (error && thrown != nullptr) *thrown = error;
        if (!error) outcome = std::move(result);
    });
    io.run();
    return outcome;
}

} // namespace

TEST_CASE("the first of two coroutines decides, the other is cancelled") {
    for (const bool first : {true, false}) {
        bool cancelled = false;
        auto one = first ? ends_with(Fault::reset) : never(cancelled);
        auto other = first ? never(cancelled) : ends_with(Fault::reset);
        const auto outcome = run(net::first_of(std::move(one), std::move(other)));
        REQUIRE(outcome.has_value());
        CHECK(outcome->error().kind() == Fault::reset);
        CHECK(cancelled);
    }
}

TEST_CASE("an exception of the first comes through") {
    bool cancelled = false;
    std::exception_ptr thrown;
    run(net::first_of(throws(), never(cancelled)), &thrown);
    CHECK(thrown);
    CHECK(cancelled);
}
