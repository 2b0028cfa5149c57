// openapi.json against the routes and their answers.
#include "hub/api/server_testing.hpp"

using namespace skep;
using namespace skep::hub;
using namespace skep::hub::testing;

TEST_CASE("openapi.json describes exactly the routes") {
    const auto document = json::parse(api::openapi_text()).get_object();
    std::vector<std::string> described;
    for (const auto& path : document.at("paths").as_object())
        for (const auto& method : path.value().as_object()) {
            std::string name{method.key()};
            std::ranges::transform(name, name.begin(),
                                   [](char c) { return static_cast<char>(c & ~0x20); });
            described.push_back(name + " " + std::string{path.key()});
        }
    std::vector<std::string> served;
    for (const auto& route : api::route_names())
        served.push_back(std::string{route.method} + " " + std::string{route.path});
    std::ranges::sort(described);
    std::ranges::sort(served);
    CHECK(described == served);
}

TEST_CASE("answers have the members that openapi.json requires") {
    Hub hub;
    const auto [cookie, csrf] = hub.login();
    auto connect = event::Event{"session.connect", system_clock().now()};
    connect.text("session", "s").text("src_ip", "192.0.2.1");
    auto file = event::Event{"file.captured", system_clock().now()};
    file.text("session", "s")
        .text("src_ip", "192.0.2.1")
        .text("shasum", std::string(64, 'a'))
        .number("size", 3);
    auto version = event::Event{"client.version", system_clock().now()};
    version.text("session", "s").text("version", "v");
    auto login = event::Event{"login.failed", system_clock().now()};
    login.text("session", "s").text("username", "u").text("password", "p");
    hub.happen({connect, file, version, login, command("x")});
    const auto document = json::parse(api::openapi_text()).get_object();
    const auto& schemas = document.at("components").at("schemas").as_object();
    const std::function<void(const json::object&, const json::value&)> check =
        [&](const json::object& schema, const json::value& value) {
            if (schema.contains("$ref"))
                return check(schemas.at(schema.at("$ref").as_string().subview(21)).as_object(),
                             value);
            if (const auto* required = schema.if_contains("required"))
                for (const auto& name : required->as_array()) {
                    INFO(json::serialize(name) << " in " << json::serialize(value));
                    REQUIRE(value.as_object().contains(name.as_string()));
                }
            if (const auto* properties = schema.if_contains("properties"))
                for (const auto& property : properties->as_object())
                    if (const auto* inner = value.as_object().if_contains(property.key());
                        inner != nullptr && !inner->is_null())
                        check(property.value().as_object(), *inner);
            if (const auto* items = schema.if_contains("items"))
                for (const auto& item : value.as_array())
                    check(items->as_object(), item);
        };
    Client client{hub.address};
    for (const auto& path : document.at("paths").as_object()) {
        std::string target{path.key()};
        if (const auto at = target.find("{session}"); at != std::string::npos)
            target.replace(at, 9, "s");
        if (const auto at = target.find("{sha256}"); at != std::string::npos)
            target.replace(at, 8, std::string(64, 'a'));
        const auto* get = path.value().as_object().if_contains("get");
        if (get == nullptr || target.ends_with("live")) continue;
        const auto& content = get->at("responses").at("200").at("content").as_object();
        if (!content.contains("application/json")) continue;
        INFO(target);
        const auto answer = client.get(target, cookie);
        REQUIRE(answer.status == 200);
        check(content.at("application/json").at("schema").as_object(), json::parse(answer.body));
        if (const auto value = answer.object(); value.contains("items"))
            CHECK_FALSE(value.at("items").as_array().empty());
    }
}
