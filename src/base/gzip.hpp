// gzip (RFC 1952) streams: how others rotate their logs.
#pragma once

#include "base/result.hpp"

#include <functional>
#include <memory>
#include <string>

namespace skep {

/// Decompresses a file of one or more members, in pieces that the caller bounds: a few kilobytes
/// may stand for gigabytes.
class GzipReader {
  public:
    /// The next compressed bytes; empty at their end.
    using Source = std::function<Result<std::string>()>;

    explicit GzipReader(Source source);
    ~GzipReader();
    GzipReader(GzipReader&&) noexcept;
    GzipReader& operator=(GzipReader&&) noexcept;

    /// 1 to `bytes_max` bytes of content, empty at the end of the last member. Fault::malformed for
    /// corrupt bytes, a wrong checksum, or an end inside a member; the source's own faults are
    /// passed on. Zeros behind the last member are padding (RFC 1952 leaves them to tar).
    Result<std::string> read(std::size_t bytes_max);

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

} // namespace skep
