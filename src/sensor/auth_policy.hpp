// Who may log in: the settings `auth.*`, with the memory that policy `after` needs.
#pragma once

#include "base/settings.hpp"
#include "service/service.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace skep::sensor {

/// One entry of `auth.accept`.
struct AcceptRule {
    std::string user;
    std::string password;
    bool refuse = false;
};

/// Reads `USER:PASSWORD` or `!USER:PASSWORD`. Fault::refused with what would be right.
Result<AcceptRule> parse_rule(std::string_view text);

/// The policy of one sensor process, shared by its services. Used by one thread.
///
/// `list`: the first matching rule of auth.accept decides, nothing matching is refused.
/// `any`, `never`: what they say.
/// `after`: a source's first tries are refused, as many as drawn for it between auth.after_min and
/// auth.after_max; the next one is accepted and remembered: from then on that source gets in with a
/// remembered login and with no other. Processes tell each other their tries; each draws its own
/// number, so that the bounds hold whichever process sees the last one. A `!` rule of auth.accept
/// refuses under every policy.
class AuthPolicy {
  public:
    static Result<AuthPolicy> make(const Settings& settings);

    service::Verdict
    judge(const std::string& source, std::string_view user, std::string_view password);

    /// Takes in a login that was accepted before, by this process or another.
    void remember(const std::string& source, std::string_view user, std::string_view password);

    /// Counts a try of `source` that another process refused.
    void tried(const std::string& source);

    /// Called when `judge` counts a refused try, for the other processes.
    std::function<void(const std::string& source)> on_tried;
    /// Called when `judge` accepts a new login that must be remembered.
    std::function<void(const std::string& source, std::string_view user, std::string_view password)>
        on_accepted;

  private:
    enum class Kind : std::uint8_t { list, any, never, after };

    /// What is known of one source address.
    struct Source {
        std::vector<std::string> accepted; ///< Of `login_key`.
        std::int64_t tries_left = 0;
        std::list<std::string>::iterator age;
    };

    Source& source_of(const std::string& address);
    bool listed(std::string_view user, std::string_view password, bool& refused) const;
    service::Verdict
    judge_after(const std::string& source, std::string_view user, std::string_view password);

    Kind kind_ = Kind::after;
    std::vector<AcceptRule> rules_;
    std::int64_t after_min_ = 0;
    std::int64_t after_max_ = 0;
    std::size_t sources_max_ = 0;
    std::unordered_map<std::string, Source> sources_;
    std::list<std::string> ages_; ///< Oldest first.
};

} // namespace skep::sensor
