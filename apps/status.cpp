// `skep status`: what runs, where it listens, and what presses.
#include "apps/host_keys.hpp"
#include "apps/subcommand.hpp"
#include "base/bytes.hpp"
#include "process/supervisor.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace skep::apps::status {
namespace {

namespace json = boost::json;

std::string text(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains({name.data(), name.size()});
    if (value == nullptr) return {};
    return value->is_string() ? escape_text(value->get_string()) : json::serialize(*value);
}

void print_members(const json::object& row, std::string_view name) {
    const auto* members = row.if_contains({name.data(), name.size()});
    if (members == nullptr || !members->is_object()) return;
    for (const auto& member : members->get_object())
        fmt::print("    {} {}\n", escape_text(member.key()),
                   text(members->get_object(), member.key()));
}

void print_people(const json::object& status, bool running) {
    fmt::print("{} (process {}, since {})\n", running ? "running" : "stopped", text(status, "pid"),
               text(status, "started"));
    if (const auto* services = status.if_contains("services");
        services != nullptr && services->is_array())
        for (const auto& service : services->get_array())
            if (service.is_object())
                fmt::print(
                    "  {} listens on {} (persona {})\n", text(service.get_object(), "service"),
                    text(service.get_object(), "address"), text(service.get_object(), "persona"));
    if (const auto* hub = status.if_contains("hub"); hub != nullptr && hub->is_object())
        fmt::print("  dashboard at {}\n", text(hub->get_object(), "url"));
    const auto* processes = status.if_contains("processes");
    if (processes == nullptr || !processes->is_array()) return;
    for (const auto& process : processes->get_array()) {
        if (!process.is_object()) continue;
        const auto& row = process.get_object();
        fmt::print("  {} process {}, restarts {}, since {}\n", text(row, "role"), text(row, "pid"),
                   text(row, "restarts"), text(row, "since"));
        print_members(row, "reports");
        print_members(row, "notices");
    }
}

int run(const Arguments& arguments) {
    const auto state = state_directory(arguments);
    std::ifstream file{state + '/' + process::status_file, std::ios::binary};
    const std::string line{std::istreambuf_iterator<char>{file}, {}};
    const bool running = process::is_running(state);
    json::error_code error;
    auto status = json::parse(line, error);
    if (error || !status.is_object()) {
        if (arguments.has("--json"))
            fmt::print("{{\"event\":\"status\",\"running\":false}}\n");
        else
            fmt::print("stopped (this deployment has not run yet)\n");
        return 3;
    }
    status.get_object()["running"] = running;
    if (arguments.has("--json"))
        fmt::print("{}\n", json::serialize(status));
    else
        print_people(status.get_object(), running);
    if (!arguments.has("--json"))
        for (const auto& key : host_key_lines(state))
            fmt::print("  SSH host key of {}: {} {} ({} bits)\n", key.persona, key.type,
                       key.fingerprint, key.bits);
    return running ? 0 : 3;
}

constexpr std::array options{state_option,
                             Option{"--json", "", "One JSON object instead of text."}};

} // namespace

extern const Subcommand entry{
    .name = "status",
    .summary = "Say what runs and where it listens; exit status 3 if nothing runs.",
    .words = "",
    .options = options,
    .example = "skep status --state ./state --json",
    .run = run};

} // namespace skep::apps::status
