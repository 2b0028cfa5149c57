#include "sensor/ssh_listener.hpp"

#include "persona/host_keys.hpp"
#include "service/ssh/auth_delay.hpp"
#include "service/ssh/host_keys.hpp"
#include "service/ssh/profile.hpp"
#include "service/ssh/startups.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <ranges>

namespace skep::sensor {
namespace {

constexpr std::string_view revision_word = "{revision}";

/// After the last hyphen of a Debian version, as deb-version(7) has it: 2+deb12u10.
std::string_view revision_of(std::string_view version) {
    const auto hyphen = version.rfind('-');
    return hyphen == std::string_view::npos ? std::string_view{} : version.substr(hyphen + 1);
}

std::string_view package_version(std::string_view packages, std::string_view name) {
    for (const auto part : packages | std::views::split('\n')) {
        const std::string_view line{part.begin(), part.end()};
        if (line.starts_with(name) && line.substr(name.size()).starts_with(' '))
            return line.substr(name.size() + 1);
    }
    return {};
}

std::string read_file(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    return std::string{std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

std::string resolve_identification(std::string_view identification,
                                   std::string_view packages,
                                   std::string_view software) {
    std::string line{identification};
    if (line.empty()) return fmt::format("SSH-2.0-{}", software);
    const auto word = line.find(revision_word);
    if (word == std::string::npos) return line;
    auto revision = revision_of(package_version(packages, "openssh-server"));
    if (revision.empty()) revision = revision_of(software);
    line.replace(word, revision_word.size(), revision);
    return line;
}

Result<void>
prepare_ssh(Listener& listener, const Settings& settings, const std::string& state_directory) {
    auto& persona = listener.persona;
    const auto* profile = service::ssh::find_profile(persona.ssh_server);
    if (profile == nullptr)
        return fail(Fault::refused,
                    fmt::format("{}/personas/{}.toml: `ssh_server` must be one of {} (service {} "
                                "is of kind ssh)",
                                state_directory, persona.name,
                                fmt::join(service::ssh::profiles() |
                                              std::views::transform(&service::ssh::Profile::name),
                                          ", "),
                                listener.name));
    persona.ssh_identification = resolve_identification(
        persona.ssh_identification,
        read_file(fmt::format("{}/images/{}/packages", state_directory, persona.image)),
        profile->software);
    TRY(auto keys, persona::load_host_keys(state_directory, persona.name));
    listener.host_keys = service::ssh::in_order(*profile, std::move(keys));
    if (listener.host_keys.empty())
        return fail(Fault::refused, fmt::format("{}/keys/{} has no host key; `skep run` makes them",
                                                state_directory, persona.name));
    if (settings.flag("ssh.limit_startups"))
        listener.startups = std::make_shared<service::ssh::Startups>(profile->startups);
    const auto bytes = [&](std::string_view name) {
        return static_cast<std::size_t>(settings.limit(name));
    };
    listener.ssh = {.sink = settings.text("ssh.forward") == "sink",
                    .forward_bytes = bytes("ssh_forward_bytes"),
                    .forward_within = std::chrono::seconds{settings.limit("ssh_forward_seconds")},
                    .channels = bytes("ssh_channels"),
                    .unread_bytes = bytes("ssh_unread_bytes"),
                    .timing_secret = service::ssh::timing_secret(listener.host_keys),
                    .startups = listener.startups.get()};
    return {};
}

} // namespace skep::sensor
