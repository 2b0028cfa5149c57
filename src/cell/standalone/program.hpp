// What process 1 is asked to start for a session.
#pragma once

#include "cell/standalone/account.hpp"

namespace skep::cell_init {

/// The words of a request, which live in the message, and whose program it is.
struct Program {
    Account account;
    bool busybox = false;  ///< A machine of BusyBox and dropbear, not of Debian and OpenSSH.
    bool ssh = false;      ///< Over SSH; else as login(1) starts a shell.
    bool terminal = false; ///< On a terminal; else on three pipes.
    bool user_rc = false;  ///< ~/.ssh/rc runs first.
    const char* command = nullptr; ///< For the user's shell; null for a login shell.
    const char* term = "";
    const char* modes = "";  ///< Terminal modes in hexadecimal.
    const char* host = "";   ///< Where the peer comes from.
    const char* client = ""; ///< "address port own-address own-port"
    char line[16] = {};      ///< The terminal without /dev/.
    unsigned short columns = 0;
    unsigned short rows = 0;
    char** environment = nullptr; ///< What the client asked for.
    unsigned environment_count = 0;
};

} // namespace skep::cell_init
