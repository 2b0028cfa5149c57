#include "process/descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace skep::process {

void Descriptor::reset(int fd) noexcept {
    const int old = std::exchange(fd_, fd);
    if (old >= 0) ::close(old);
}

Descriptor Descriptor::duplicate() const noexcept {
    return Descriptor{::fcntl(fd_, F_DUPFD_CLOEXEC, 3)};
}

} // namespace skep::process
