#include "apps/host_keys.hpp"

#include "persona/host_keys.hpp"
#include "persona/persona.hpp"
#include "service/ssh/host_keys.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <set>

namespace skep::apps {

Result<int> make_host_keys_of(const std::string& state, const std::string& name) {
    TRY(const auto persona, persona::load(fmt::format("{}/personas/{}.toml", state, name)));
    const auto* profile = service::ssh::find_profile(persona.ssh_server);
    if (profile == nullptr) return 0; // the sensor says what is wrong if a service asks for one
    return persona::make_host_keys(state, name, service::ssh::host_key_kinds(*profile));
}

Result<void> make_missing_host_keys(const Settings& settings, const std::string& state) {
    std::set<std::string> personas;
    for (const auto& service : settings.names("service"))
        if (settings.flag(fmt::format("service.{}.enabled", service)) &&
            settings.text(fmt::format("service.{}.kind", service)) == "ssh")
            personas.insert(settings.text(fmt::format("service.{}.persona", service)));
    for (const auto& name : personas) {
        TRY(const auto made, make_host_keys_of(state, name));
        if (made > 0)
            fmt::print(stderr,
                       "Persona {} lacked {} SSH host keys: made in keys/{}, where they "
                       "stay.\n",
                       name, made, name);
    }
    return {};
}

std::vector<HostKeyLine> host_key_lines(const std::string& state) {
    std::set<std::string> personas;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{state + "/keys", error})
        personas.insert(entry.path().filename().string());
    std::vector<HostKeyLine> lines;
    for (const auto& name : personas) {
        const auto keys = persona::load_host_keys(state, name);
        if (!keys) continue; // `skep run` refuses it with the reason
        for (const auto& key : *keys)
            if (const auto info = crypto::describe_key(key.blob()))
                lines.push_back({name, info->type, info->bits, info->fingerprint});
    }
    return lines;
}

} // namespace skep::apps
