// How many connections a server keeps on which nobody has logged in yet.
#pragma once

#include "service/ssh/profile.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace skep::service::ssh {

/// Counts them for one listener and decides as sshd's drop_connection() (MaxStartups) or dropbear's
/// main_noinetd() (MAX_UNAUTH_CLIENTS, MAX_UNAUTH_PER_IP).
class Startups {
  public:
    /// Of several workers, which share a listener, each counts its own: the limits may come late,
    /// never early. `limits` lives as long.
    explicit Startups(const StartupLimits& limits) noexcept : limits_{limits} {}

    /// Whether one more from `source` is served; if so it counts until release().
    bool admit(const std::string& source);
    void release(const std::string& source);

  private:
    bool drops(std::size_t all, std::size_t of_source) const;

    const StartupLimits& limits_;
    std::size_t count_ = 0;
    std::unordered_map<std::string, std::size_t> by_source_;
};

/// One connection's place; given back when it goes or at `leave`.
class StartupPlace {
  public:
    /// With nullptr everything is served.
    StartupPlace(Startups* startups, std::string_view source)
        : startups_{startups}, source_{source},
          admitted_{startups == nullptr || startups->admit(source_)} {}

    ~StartupPlace() { leave(); }

    StartupPlace(const StartupPlace&) = delete;
    StartupPlace& operator=(const StartupPlace&) = delete;

    bool admitted() const noexcept { return admitted_; }

    void leave() {
        if (startups_ != nullptr && admitted_) startups_->release(source_);
        startups_ = nullptr;
    }

  private:
    Startups* startups_;
    std::string source_;
    bool admitted_;
};

} // namespace skep::service::ssh
