// SSH's data types under their short names, and the numbers of its messages.
#pragma once

#include "base/ssh_wire.hpp"
#include "service/ssh/numbers.hpp"

namespace skep::service::ssh {

using Writer = SshWriter;
using Reader = SshReader;

} // namespace skep::service::ssh
