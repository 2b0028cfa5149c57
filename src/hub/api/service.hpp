// From a request to an answer: the guards, then the routes.
#pragma once

#include "base/task.hpp"
#include "hub/accounts.hpp"
#include "hub/api/http.hpp"
#include "hub/api/panel.hpp"
#include "hub/live_feed.hpp"
#include "hub/query_pool.hpp"
#include "hub/status.hpp"
#include "hub/web_assets.hpp"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace skep::hub::api {

/// What the answers are made of. Everything outlives the service.
struct Parts {
    const Clock& clock;
    QueryPool& pool;
    Accounts& accounts;
    const HubStatus& status;
    std::span<const Asset> assets;
    std::string state_directory;
    std::vector<std::string> host_names; ///< setting hub.host_names
    std::string sensor_name;
    std::int64_t requests_per_minute = 600;                ///< limits.hub_requests_per_minute
    std::size_t answer_bytes_max = 16U << 20;              ///< limits.hub_answer_bytes
    std::function<void(const Error&)> on_store_error = {}; ///< The file is damaged, or worse.
    bool secure = false; ///< Whether the browser speaks TLS to us.
};

/// One route of the API, for the test that holds it against openapi.json.
struct RouteName {
    std::string_view method;
    std::string_view path; ///< With `{name}` as OpenAPI has it.
};

std::vector<RouteName> route_names();

/// Used by the network's thread.
class Service {
  public:
    explicit Service(const Parts& parts) : parts_{parts}, requests_{parts.requests_per_minute} {}

    /// Never fails: what goes wrong is an answer too. The headers of every answer are not in it.
    Task<Response> answer(Request request);

    /// Runs a job on the query pool and comes back to this thread.
    Task<Result<Response>> ask(std::move_only_function<Result<Response>(store::Connection&)> job);

    /// Whether the cookie is that of an open login.
    bool is_logged_in(const Request& request);

    Task<Response> login(const Request& request);
    Task<Response> logout(const Request& request);
    Task<Response> me(const Request& request);
    Task<Response> status(const Request& request);
    Task<Response> live(const Request& request);
    Task<Response> openapi(const Request& request);
    Task<Response> health(const Request& request);

  private:
    /// The answer to a request that no route shall see, or nothing.
    std::optional<Response> refuse(const Request& request);
    Task<Response> run_panel(const Request& request, Panel panel, std::string name);
    Response asset(const Request& request) const;

    Parts parts_;
    RateLimiter requests_;
};

/// The header fields of every answer, by which a browser runs nothing that is not ours.
std::span<const std::pair<std::string_view, std::string_view>> security_headers();

} // namespace skep::hub::api
