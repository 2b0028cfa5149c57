// Who may use the dashboard: one password, and the logins made with it.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "hub/rate_limiter.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace skep::hub {

struct AccountLimits {
    std::int64_t session_hours = 12;         ///< hub.session_hours
    std::int64_t logins_per_minute = 10;     ///< limits.hub_logins_per_minute
    std::int64_t logins_per_minute_all = 60; ///< limits.hub_logins_per_minute_all
    std::size_t sessions_max = 1000;         ///< limits.hub_sessions
};

/// A login as the browser holds it.
struct Login {
    std::string token; ///< For the cookie: 64 hexadecimal digits, known to the browser only.
    std::string csrf;  ///< For the header X-CSRF-Token.
    Micros expires = 0;
};

/// Only hashes of the tokens are kept, in memory: a restart ends every login. Used by one thread.
class Accounts {
  public:
    Accounts(const Clock& clock, const AccountLimits& limits)
        : clock_{clock}, limits_{limits}, by_address_{limits.logins_per_minute},
          all_{limits.logins_per_minute_all} {}

    /// To be asked before each try: 0, or the seconds to wait.
    std::int64_t admit(std::string_view address);

    /// A new login, for whoever has given the right password. The oldest goes if there are too
    /// many.
    Login open();

    /// The login of a cookie's token, without its token; nothing for an unknown or an expired one.
    std::optional<Login> find(std::string_view token);

    /// Whether `csrf` belongs to the login of `token`. Takes the same time for every wrong one.
    static bool is_csrf(std::string_view token, std::string_view csrf);

    void close(std::string_view token);

  private:
    struct Entry {
        Micros expires;
    };

    void drop_expired();

    const Clock& clock_;
    AccountLimits limits_;
    RateLimiter by_address_;
    RateLimiter all_;
    std::map<std::string, Entry, std::less<>> logins_; ///< By SHA-256 of the token.
};

/// Whether `password` is that of the deployment whose hash is in `file`. Slow on purpose (about
/// 0.1 s): not on the network's thread. Fault::refused if there is no such file.
Result<bool> check_password(const std::string& file, std::string_view password);

} // namespace skep::hub
