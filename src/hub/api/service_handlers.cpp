// The answers that need no query: login and logout, who am I, status, health.
#include "hub/api/openapi.hpp"
#include "hub/api/service.hpp"
#include "hub/api/target.hpp"

#include <boost/json.hpp>

#include <fstream>
#include <iterator>

namespace skep::hub::api {
namespace {

namespace json = boost::json;

constexpr std::size_t password_bytes_max = 1024;
constexpr std::size_t status_bytes_max = std::size_t{1024} * 1024;

std::string session_cookie(std::string_view token, std::int64_t seconds, bool secure) {
    std::string field = "skep_session=";
    field += token;
    field += "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(seconds);
    if (secure) field += "; Secure";
    return field;
}

/// The member `password` of the body, if it is a text that can be one.
std::optional<std::string> password_in(const std::string& body) {
    json::error_code error;
    json::parse_options options;
    options.max_depth = 4;
    const auto document = json::parse(body, error, {}, options);
    if (error || !document.is_object()) return std::nullopt;
    const auto* password = document.get_object().if_contains("password");
    if (password == nullptr || !password->is_string() ||
        password->get_string().size() > password_bytes_max)
        return std::nullopt;
    return std::string{password->get_string()};
}

/// What the supervisor writes for `skep status`, or an empty object.
json::object supervisor_status(const std::string& state_directory) {
    std::ifstream file{state_directory + "/run/status.json", std::ios::binary};
    std::string text(status_bytes_max, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    json::error_code error;
    auto document = json::parse(text, error);
    return error || !document.is_object() ? json::object{} : std::move(document.get_object());
}

} // namespace

Task<Response> Service::login(const Request& request) {
    if (const auto wait = parts_.accounts.admit(request.peer); wait != 0) {
        auto response = Response::error(429, "too many logins; try again later");
        response.headers.emplace_back("Retry-After", std::to_string(wait));
        co_return response;
    }
    auto password = password_in(request.body);
    if (!password) co_return Response::error(400, R"(the body is {"password":"..."})");
    std::move_only_function<Result<Response>(store::Connection&)> job =
        [file = parts_.state_directory + "/hub/password",
         password = *std::move(password)](store::Connection&) -> Result<Response> {
        TRY(const bool right, check_password(file, password));
        return right ? Response::json("{}") : Response::error(401, "the password is wrong");
    };
    auto checked = co_await ask(std::move(job));
    if (!checked)
        co_return Response::error(503, checked.error().kind() == Fault::refused
                                           ? checked.error().detail()
                                           : "too busy; try again later");
    if (checked->status != 200) co_return *std::move(checked);
    const auto opened = parts_.accounts.open();
    const auto seconds = (opened.expires - parts_.clock.now()) / 1'000'000;
    const json::object answer{{"csrf", opened.csrf}, {"expires", iso8601(opened.expires)}};
    auto response = Response::json(json::serialize(answer));
    response.headers.emplace_back("Set-Cookie",
                                  session_cookie(opened.token, seconds, parts_.secure));
    co_return response;
}

Task<Response> Service::logout(const Request& request) {
    parts_.accounts.close(cookie(request.cookie, "skep_session"));
    auto response = Response::json("{}");
    response.headers.emplace_back("Set-Cookie", session_cookie("", 0, parts_.secure));
    co_return response;
}

Task<Response> Service::me(const Request& request) {
    const auto login = parts_.accounts.find(cookie(request.cookie, "skep_session"));
    if (!login) co_return Response::error(401, "log in first");
    const json::object answer{{"csrf", login->csrf},
                              {"expires", iso8601(login->expires)},
                              {"version", SKEP_VERSION},
                              {"sensor", parts_.sensor_name}};
    co_return Response::json(json::serialize(answer));
}

Task<Response> Service::status(const Request&) {
    auto answer = supervisor_status(parts_.state_directory);
    const auto& hub = parts_.status;
    answer["pressure"] = hub.pressure;
    answer["ingest_lag_ms"] = hub.lag_ms;
    answer["store"] = {
        {"events", hub.events},
        {"bytes", hub.store_bytes},
        {"added_since_start", hub.added},
        {"bad_journal_lines", hub.bad_lines},
        {"caught_up", hub.caught_up},
        {"rebuilt_at_start", hub.rebuilt},
        {"fault", hub.fault.empty() ? json::value(nullptr) : json::value(hub.fault)}};
    co_return Response::json(json::serialize(answer));
}

Task<Response> Service::live(const Request&) {
    Response response;
    response.live = true;
    response.type = "text/event-stream";
    co_return response;
}

Task<Response> Service::openapi(const Request&) {
    co_return Response::json(std::string{openapi_text()});
}

Task<Response> Service::health(const Request&) {
    co_return Response::json(R"({"ok":true})");
}

} // namespace skep::hub::api
