#include "sensor/auth_policy.hpp"

#include "base/bytes.hpp"
#include "base/crypto/random.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace skep::sensor {
namespace {

/// Remembered logins of one source; more than one only if another process accepted at the same
/// moment.
constexpr std::size_t accepted_per_source_max = 8;

std::string login_key(std::string_view user, std::string_view password) {
    return fmt::format("{}:{}:{}", user.size(), user, password);
}

} // namespace

Result<AcceptRule> parse_rule(std::string_view text) {
    AcceptRule rule;
    auto rest = text;
    if (rest.starts_with('!')) {
        rule.refuse = true;
        rest.remove_prefix(1);
    }
    const auto colon = rest.find(':');
    if (colon == std::string_view::npos)
        return fail(Fault::refused,
                    fmt::format("auth.accept: `{}` must be USER:PASSWORD or !USER:PASSWORD", text));
    rule.user = rest.substr(0, colon);
    rule.password = rest.substr(colon + 1);
    return rule;
}

Result<AuthPolicy> AuthPolicy::make(const Settings& settings) {
    AuthPolicy policy;
    const auto kind = settings.text("auth.policy");
    policy.kind_ = kind == "list"    ? Kind::list
                   : kind == "any"   ? Kind::any
                   : kind == "never" ? Kind::never
                                     : Kind::after;
    for (const auto& text : settings.list("auth.accept")) {
        TRY(auto rule, parse_rule(text));
        policy.rules_.push_back(std::move(rule));
    }
    policy.after_min_ = settings.number("auth.after_min");
    policy.after_max_ = settings.number("auth.after_max");
    if (policy.after_max_ < policy.after_min_)
        return fail(Fault::refused, "auth.after_max must not be less than auth.after_min");
    policy.sources_max_ = static_cast<std::size_t>(settings.limit("auth_memory_entries"));
    return policy;
}

bool AuthPolicy::listed(std::string_view user, std::string_view password, bool& refused) const {
    const auto rule = std::ranges::find_if(rules_, [&](const AcceptRule& entry) {
        return matches_pattern(entry.user, user) && matches_pattern(entry.password, password);
    });
    refused = rule != rules_.end() && rule->refuse;
    return rule != rules_.end() && !rule->refuse;
}

AuthPolicy::Source& AuthPolicy::source_of(const std::string& address) {
    const auto found = sources_.find(address);
    if (found != sources_.end()) return found->second;
    if (sources_.size() >= sources_max_) {
        sources_.erase(ages_.front());
        ages_.pop_front();
    }
    Source source;
    const auto spread = static_cast<std::uint64_t>(after_max_ - after_min_) + 1;
    source.tries_left = after_min_ + static_cast<std::int64_t>(crypto::random_below(spread));
    source.age = ages_.insert(ages_.end(), address);
    return sources_.emplace(address, std::move(source)).first->second;
}

service::Verdict
AuthPolicy::judge(const std::string& source, std::string_view user, std::string_view password) {
    bool refused = false;
    const bool accepted = listed(user, password, refused);
    if (refused || kind_ == Kind::never) return service::Verdict::refused;
    if (kind_ == Kind::any) return service::Verdict::accepted;
    if (kind_ == Kind::list)
        return accepted ? service::Verdict::accepted : service::Verdict::refused;
    return judge_after(source, user, password);
}

service::Verdict AuthPolicy::judge_after(const std::string& source,
                                         std::string_view user,
                                         std::string_view password) {
    auto& known = source_of(source);
    const auto key = login_key(user, password);
    if (!known.accepted.empty()) {
        const bool same = std::ranges::find(known.accepted, key) != known.accepted.end();
        return same ? service::Verdict::accepted : service::Verdict::refused;
    }
    if (known.tries_left > 0) {
        --known.tries_left;
        if (on_tried) on_tried(source);
        return service::Verdict::refused;
    }
    known.accepted.push_back(key);
    if (on_accepted) on_accepted(source, user, password);
    return service::Verdict::accepted;
}

void AuthPolicy::tried(const std::string& source) {
    if (kind_ != Kind::after) return;
    if (auto& known = source_of(source); known.tries_left > 0) --known.tries_left;
}

void AuthPolicy::remember(const std::string& source,
                          std::string_view user,
                          std::string_view password) {
    auto& known = source_of(source);
    const auto key = login_key(user, password);
    if (std::ranges::find(known.accepted, key) != known.accepted.end()) return;
    if (known.accepted.size() < accepted_per_source_max) known.accepted.push_back(key);
}

} // namespace skep::sensor
