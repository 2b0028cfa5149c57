#include "hub/api/service.hpp"

#include "hub/api/target.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>

namespace skep::hub::api {
namespace asio = boost::asio;

namespace {

using Handler = Task<Response> (Service::*)(const Request&);

enum class Access : unsigned char { everyone, login };

/// `{session}` and `{sha256}` in a path stand for one checked name.
struct Route {
    std::string_view method;
    std::string_view path;
    Access access;
    Panel panel;     ///< Runs on the query pool, or
    Handler handler; ///< on the network's thread.
};

constexpr std::array routes{
    Route{"GET", "/healthz", Access::everyone, nullptr, &Service::health},
    Route{"GET", "/api/v1/openapi.json", Access::everyone, nullptr, &Service::openapi},
    Route{"POST", "/api/v1/login", Access::everyone, nullptr, &Service::login},
    Route{"POST", "/api/v1/logout", Access::login, nullptr, &Service::logout},
    Route{"GET", "/api/v1/me", Access::login, nullptr, &Service::me},
    Route{"GET", "/api/v1/status", Access::login, nullptr, &Service::status},
    Route{"GET", "/api/v1/live", Access::login, nullptr, &Service::live},
    Route{"GET", "/api/v1/summary", Access::login, summary, nullptr},
    Route{"GET", "/api/v1/timeline", Access::login, timeline, nullptr},
    Route{"GET", "/api/v1/sources", Access::login, sources, nullptr},
    Route{"GET", "/api/v1/credentials", Access::login, credentials, nullptr},
    Route{"GET", "/api/v1/commands", Access::login, commands, nullptr},
    Route{"GET", "/api/v1/files", Access::login, files, nullptr},
    Route{"GET", "/api/v1/clients", Access::login, clients, nullptr},
    Route{"GET", "/api/v1/events", Access::login, events, nullptr},
    Route{"GET", "/api/v1/sessions", Access::login, sessions, nullptr},
    Route{"GET", "/api/v1/sessions/{session}", Access::login, session, nullptr},
    Route{"GET", "/api/v1/sessions/{session}/recording", Access::login, recording, nullptr},
    Route{"GET", "/api/v1/artifacts/{sha256}", Access::login, artifact, nullptr},
    Route{"GET", "/api/v1/artifacts/{sha256}/content", Access::login, artifact_content, nullptr},
};

/// Whether `path` is one of the pattern's, and the name in it.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) {
    const auto open = pattern.find('{');
    if (open == std::string_view::npos)
        return pattern == path ? std::optional{std::string_view{}} : std::nullopt;
    const auto close = pattern.find('}');
    const auto front = pattern.substr(0, open);
    const auto back = pattern.substr(close + 1);
    if (path.size() <= front.size() + back.size() || !path.starts_with(front) ||
        !path.ends_with(back))
        return std::nullopt;
    const auto name = path.substr(front.size(), path.size() - front.size() - back.size());
    const bool good = pattern.substr(open, close + 1 - open) == "{sha256}" ? is_shasum(name)
                                                                           : is_session_name(name);
    return good ? std::optional{name} : std::nullopt;
}

Response too_many(std::int64_t seconds) {
    auto response = Response::error(429, "too many requests; try again later");
    response.headers.emplace_back("Retry-After", std::to_string(seconds));
    return response;
}

Response of_error(const Error& error) {
    switch (error.kind()) {
    case Fault::malformed: return Response::error(400, error.detail());
    case Fault::timed_out: return Response::error(503, "the question took too long; ask for less");
    case Fault::over_limit: return Response::error(503, "too busy; try again later");
    default: return Response::error(500, "the store could not answer; see the hub's log");
    }
}

} // namespace

std::vector<RouteName> route_names() {
    std::vector<RouteName> names;
    names.reserve(routes.size());
    for (const auto& route : routes)
        names.push_back({route.method, route.path});
    return names;
}

std::span<const std::pair<std::string_view, std::string_view>> security_headers() {
    // 'wasm-unsafe-eval': the terminal player compiles its WebAssembly.
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> headers{{
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src "
         "'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
         "frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
    }};
    return headers;
}

bool Service::is_logged_in(const Request& request) {
    return parts_.accounts.find(cookie(request.cookie, "skep_session")).has_value();
}

std::optional<Response> Service::refuse(const Request& request) {
    if (!is_own_host(request.host, parts_.host_names))
        return Response::error(421, "this server does not have that name; setting hub.host_names");
    if (const auto wait = requests_.take(rate_key(request.peer), parts_.clock.now()); wait != 0)
        return too_many(wait);
    if (request.method == "GET") return std::nullopt;
    if (request.method != "POST") {
        auto response = Response::error(405, "only GET, HEAD and POST");
        response.headers.emplace_back("Allow", "GET, HEAD, POST");
        return response;
    }
    if (!is_own_origin(request.origin, request.host))
        return Response::error(403, "another page's request");
    return std::nullopt;
}

Task<Response> Service::answer(Request request) {
    if (auto refused = refuse(request)) co_return *std::move(refused);
    bool path_exists = false;
    for (const auto& route : routes) {
        const auto name = match(route.path, request.path);
        if (!name) continue;
        path_exists = true;
        if (route.method != request.method) continue;
        if (route.access == Access::login) {
            if (!is_logged_in(request)) co_return Response::error(401, "log in first");
            if (request.method != "GET" &&
                !Accounts::is_csrf(cookie(request.cookie, "skep_session"), request.csrf))
                co_return Response::error(403, "the header X-CSRF-Token is missing or wrong");
        }
        if (route.panel != nullptr) {
            auto response = co_await run_panel(request, route.panel, std::string{*name});
            co_return response;
        }
        auto response = co_await (this->*route.handler)(request);
        co_return response;
    }
    if (path_exists) co_return Response::error(405, "not with this method");
    if (request.path.starts_with("/api/")) co_return Response::error(404, "there is no such path");
    co_return asset(request);
}

Task<Response> Service::run_panel(const Request& request, Panel panel, std::string name) {
    auto read = read_common(request.query, parts_.clock.now());
    if (!read) co_return of_error(read.error());
    Asked asked = *std::move(read);
    asked.name = std::move(name);
    asked.state_directory = parts_.state_directory;
    asked.answer_bytes_max = parts_.answer_bytes_max;
    asked.pressure = parts_.status.pressure;
    std::move_only_function<Result<Response>(store::Connection&)> job =
        [panel, asked = std::move(asked)](store::Connection& store) { return panel(store, asked); };
    auto result = co_await ask(std::move(job));
    if (!result && result.error().kind() == Fault::reset && parts_.on_store_error)
        parts_.on_store_error(result.error());
    if (!result) co_return of_error(result.error());
    co_return *std::move(result);
}

namespace {

/// One question on its way. Shared by the coroutine that waits and the job that answers.
struct Question {
    asio::steady_timer answered;
    Result<Response> result;
    bool done = false;
};

} // namespace

Task<Result<Response>>
Service::ask(std::move_only_function<Result<Response>(store::Connection&)> job) {
    const auto executor = co_await asio::this_coro::executor;
    auto question = std::make_shared<Question>(
        Question{asio::steady_timer{executor, asio::steady_timer::time_point::max()},
                 fail(Fault::cancelled), false});
    QueryPool::Job work = [executor, question,
                           job = std::move(job)](store::Connection& store) mutable {
        auto result = job(store);
        asio::post(executor,
                   [question = std::move(question), result = std::move(result)]() mutable {
                       question->result = std::move(result);
                       question->done = true;
                       question->answered.cancel();
                   });
    };
    if (!parts_.pool.submit(std::move(work))) co_return fail(Fault::over_limit);
    while (!question->done) {
        boost::system::error_code ignored;
        auto token = asio::redirect_error(asio::use_awaitable, ignored);
        co_await question->answered.async_wait(token);
    }
    co_return std::move(question->result);
}

Response Service::asset(const Request& request) const {
    if (request.method != "GET") return Response::error(405, "not with this method");
    const auto path = request.path == "/" ? std::string_view{"/index.html"} : request.path;
    const auto found = std::ranges::find(parts_.assets, path, &Asset::path);
    if (found == parts_.assets.end())
        return Response::error(
            404, parts_.assets.empty()
                     ? "this skep was built without the dashboard; the API is at /api/v1/"
                     : "there is no such page");
    Response response;
    response.type = found->type;
    response.body = found->bytes;
    if (found->compressed) response.headers.emplace_back("Content-Encoding", "gzip");
    // The names of /assets/ contain a hash of their content.
    response.headers.emplace_back("Cache-Control", path.starts_with("/assets/")
                                                       ? "public, max-age=31536000, immutable"
                                                       : "no-cache");
    return response;
}

} // namespace skep::hub::api
