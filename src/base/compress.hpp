// zstd (RFC 8878) streams: what closed journal segments are kept in.
#pragma once

#include "base/result.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace skep {

/// Compresses one stream into one frame with a content checksum.
class ZstdWriter {
  public:
    ZstdWriter();
    ~ZstdWriter();
    ZstdWriter(ZstdWriter&&) noexcept;
    ZstdWriter& operator=(ZstdWriter&&) noexcept;

    /// Appends what is ready of the compressed form of `bytes` to `out`.
    void write(std::string_view bytes, std::string& out);

    /// Appends the end of the frame. Nothing may be written afterwards.
    void finish(std::string& out);

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

/// Decompresses, in pieces that the caller bounds: a few kilobytes may stand for gigabytes.
class ZstdReader {
  public:
    /// The next compressed bytes; empty at their end.
    using Source = std::function<Result<std::string>()>;

    explicit ZstdReader(Source source);
    ~ZstdReader();
    ZstdReader(ZstdReader&&) noexcept;
    ZstdReader& operator=(ZstdReader&&) noexcept;

    /// 1 to `bytes_max` bytes of content, empty at the end of the last frame. Fault::malformed for
    /// corrupt bytes or an end inside a frame; the source's own faults are passed on.
    Result<std::string> read(std::size_t bytes_max);

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

} // namespace skep
