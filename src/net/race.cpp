#include "net/race.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <exception>
#include <utility>

namespace skep::net {
namespace asio = boost::asio;

Task<Result<void>> first_of(Task<Result<void>> one, Task<Result<void>> other) {
    const auto executor = co_await asio::this_coro::executor;
    auto group = asio::experimental::make_parallel_group(
        asio::co_spawn(executor, std::move(one), asio::deferred),
        asio::co_spawn(executor, std::move(other), asio::deferred));
    auto both = group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    auto [order, thrown, result, other_thrown, other_result] = co_await std::move(both);
    const bool first = order[0] == 0;
    if (const auto& exception = first ? thrown : other_thrown) std::rethrow_exception(exception);
    co_return first ? std::move(result) : std::move(other_result);
}

} // namespace skep::net
