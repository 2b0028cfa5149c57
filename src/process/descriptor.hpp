// A file descriptor with one owner.
#pragma once

#include <utility>

namespace skep::process {

/// Closes its descriptor at the end. Moves, does not copy; -1 holds nothing.
class Descriptor {
  public:
    Descriptor() = default;

    explicit Descriptor(int fd) noexcept : fd_{fd} {}

    Descriptor(Descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}

    Descriptor& operator=(Descriptor&& other) noexcept {
        if (this != &other) reset(std::exchange(other.fd_, -1));
        return *this;
    }

    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    ~Descriptor() { reset(); }

    int get() const noexcept { return fd_; }

    bool valid() const noexcept { return fd_ >= 0; }

    int release() noexcept { return std::exchange(fd_, -1); }

    void reset(int fd = -1) noexcept;

    /// A second descriptor of the same open file, close-on-exec; invalid if the system refuses.
    Descriptor duplicate() const noexcept;

  private:
    int fd_ = -1;
};

} // namespace skep::process
