#include "apps/end_watch.hpp"

#include <array>
#include <csignal>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace skep::apps {

EndWatch::EndWatch() {
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, nullptr); // a closed pipe is the reader's wish
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    signals_ = process::Descriptor{::signalfd(-1, &ends, SFD_CLOEXEC)};
}

bool EndWatch::wait(int milliseconds, int descriptor) const {
    std::array<pollfd, 3> waits{{{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                                 {.fd = STDOUT_FILENO, .events = 0, .revents = 0},
                                 {.fd = descriptor, .events = POLLIN, .revents = 0}}};
    ::poll(waits.data(), waits.size(), milliseconds);
    return waits[0].revents == 0 && (waits[1].revents & (POLLERR | POLLNVAL)) == 0;
}

} // namespace skep::apps
