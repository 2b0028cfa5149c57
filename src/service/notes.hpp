// What a peer may repeat at will is recorded only so often in one session.
#pragma once

#include "service/service.hpp"

#include <cstdint>
#include <string_view>

namespace skep::service {

/// Two bytes of a session: an idle connection holds one for each of its layers.
class Notes {
  public:
    explicit Notes(std::uint16_t most) noexcept : left_{most} {}

    /// Whether one more may be recorded; it counts then.
    bool take() noexcept;

    /// Records protocol.weird if one more may be.
    void weird(Events& events, std::string_view name, std::string_view bytes = {});

  private:
    std::uint16_t left_;
};

} // namespace skep::service
