// zlib streams (RFC 1950) that are flushed after each message, as SSH's compression has them.
#pragma once

#include "base/result.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace skep {

/// One direction's compressor, about 256 KiB once it is used.
class Deflater {
  public:
    /// How a message ends: OpenSSH flushes partially, dropbear in sync.
    enum class Flush : unsigned char { partial, sync };

    explicit Deflater(Flush flush);
    ~Deflater();
    Deflater(Deflater&&) noexcept;
    Deflater& operator=(Deflater&&) noexcept;

    /// The compressed form of the next message, which must not be empty.
    std::string message(std::string_view bytes);

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

/// The other direction, about 40 KiB once it is used.
class Inflater {
  public:
    Inflater();
    ~Inflater();
    Inflater(Inflater&&) noexcept;
    Inflater& operator=(Inflater&&) noexcept;

    /// The content of the next message. Fault::malformed for corrupt bytes or behind the stream's
    /// end, Fault::over_limit if it is longer than `bytes_max`; then nothing more can be read.
    Result<std::string> message(std::string_view bytes, std::size_t bytes_max);

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

} // namespace skep
