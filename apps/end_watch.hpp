// For commands that show something for as long as somebody looks.
#pragma once

#include "process/descriptor.hpp"

namespace skep::apps {

/// Tells when a person (SIGINT, SIGTERM) or the reader of standard output wants no more. One for a
/// process: the signals are blocked, and SIGPIPE ignored, from then on.
class EndWatch {
  public:
    EndWatch();

    /// Waits at most `milliseconds`, less if `descriptor` becomes readable before. False at the
    /// end.
    bool wait(int milliseconds, int descriptor = -1) const;

  private:
    process::Descriptor signals_;
};

} // namespace skep::apps
