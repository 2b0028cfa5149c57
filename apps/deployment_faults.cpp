#include "apps/deployment_faults.hpp"

#include "net/address.hpp"

#include <fmt/format.h>

#include <map>

namespace skep::apps {
namespace {

/// Collects what is said about the addresses, and who uses which.
class Addresses {
  public:
    explicit Addresses(std::vector<std::string>& faults) : faults_{faults} {}

    void add(const std::string& key, const std::string& text) {
        const auto address = net::parse_address(text);
        if (!address) {
            faults_.push_back(fmt::format("`{}`: {}", key, address.error().detail()));
            return;
        }
        if (address->port == 0) return; // any free port
        const auto [other, is_new] = users_.emplace(net::to_text(*address), key);
        if (!is_new)
            faults_.push_back(fmt::format("`{}` and `{}` are both {}; each needs its own port",
                                          other->second, key, text));
    }

  private:
    std::vector<std::string>& faults_;
    std::map<std::string, std::string> users_;
};

} // namespace

std::vector<std::string> deployment_faults(const Settings& settings) {
    std::vector<std::string> faults;
    Addresses addresses{faults};
    for (const auto& name : settings.names("service")) {
        const auto key = fmt::format("service.{}.", name);
        if (settings.flag(key + "enabled"))
            addresses.add(key + "address", settings.text(key + "address"));
    }
    if (settings.flag("hub.enabled")) addresses.add("hub.address", settings.text("hub.address"));
    if (settings.number("auth.after_min") > settings.number("auth.after_max"))
        faults.emplace_back("`auth.after_min` must not be more than `auth.after_max`");
    if (settings.limit("disk_free_bytes_sessions") > settings.limit("disk_free_bytes_artifacts"))
        faults.emplace_back(
            "`limits.disk_free_bytes_sessions` must not be more than "
            "`limits.disk_free_bytes_artifacts`: files are dropped before sessions");
    return faults;
}

} // namespace skep::apps
