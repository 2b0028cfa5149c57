// What the authentication layer hands to the connection layer.
#pragma once

#include "base/key_verdict.hpp"

#include <string>
#include <vector>

namespace skep::service::ssh {

struct Login {
    std::string username;
    KeyOptions key; ///< Of the key that opened; everything is allowed to a password.
    std::vector<std::string> notes; ///< What sshd has to tell of all keys that were offered.
};

} // namespace skep::service::ssh
