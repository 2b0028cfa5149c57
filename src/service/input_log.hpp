// Lines that a peer types into a shell, for events.
#pragma once

#include "service/service.hpp"

#include <string>
#include <string_view>

namespace skep::service {

/// Gathers what is typed into lines as a reader of the log expects them: backspace, DEL and ^U
/// edit; CR, LF, CR LF and CR NUL end a line; empty lines are left out. What is longer than
/// limits.event_text_bytes is cut when it is recorded.
class InputLog {
  public:
    explicit InputLog(Events& events) : events_{events} {}

    void type(std::string_view bytes);

    /// The peer is gone: what it had typed of a line is recorded too.
    void flush();

  private:
    void type_one(char byte);

    Events& events_;
    std::string line_;
    bool after_cr_ = false;
};

} // namespace skep::service
