// How long a program waits that asks PAM for a wrong password.
#pragma once

#include "base/time.hpp"

namespace skep::service {

/// libpam 1.5.2 (pam_delay.c) makes a delay that a module asked for random: the mean of three
/// uniform numbers, from half to one and a half of `base`.
Micros pam_fail_delay(Micros base);

} // namespace skep::service
