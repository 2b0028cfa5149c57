// A tar file as GNU tar, bsdtar and Python read it: POSIX.1-2001 pax headers before ustar's.
//
// By hand, as libarchive would be loaded into every process of the one binary, with libxml2 and ICU
// behind it.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace skep::cell {

/// One member: any bytes but NUL in names, any size.
struct TarEntry {
    std::string path;  ///< Relative.
    unsigned mode = 0; ///< As stat(2), with the type: regular, directory, link, FIFO or device.
    unsigned uid = 0;
    unsigned gid = 0;
    std::int64_t size = 0; ///< Of a regular file's content, which follows.
    std::int64_t mtime = 0;
    std::string link;
};

class TarWriter {
  public:
    /// `write` takes all bytes or says why not.
    using Write = std::function<Result<void>(std::string_view)>;

    explicit TarWriter(Write write) : write_{std::move(write)} {}

    Result<void> add(const TarEntry& entry);
    /// A part of the content of the entry before, whose size it must not exceed.
    Result<void> content(std::string_view bytes);
    /// Content that did not come is zeros; then the two blocks of the end.
    Result<void> finish();

  private:
    Result<void> fill();

    Write write_;
    std::int64_t missing_ = 0; ///< Bytes of the entry's content that have not come.
    std::size_t padding_ = 0;  ///< Behind it, to a whole block.
};

} // namespace skep::cell
