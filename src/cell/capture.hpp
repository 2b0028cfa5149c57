// Keeps what the attacker wrote, by content, before it changes or goes away.
#pragma once

#include "cell/outlet.hpp"
#include "cell/view.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>

namespace skep::cell {

class Capture {
  public:
    Capture(const CellView& view, Outlet& outlet, std::int64_t artifact_bytes)
        : view_{view}, outlet_{outlet}, artifact_bytes_{artifact_bytes} {}

    /// Sends the file's content unless this very state of it was sent before. Base files and empty
    /// ones are not sent. `reason` says what happened to it: exec, unlink, rename, truncate,
    /// written, closed, upload.
    void keep(const Place& place, std::string_view reason, std::uint64_t request);

    /// A file may be written from now on: it is kept when it has been quiet for a second.
    void watch(const std::string& path, std::uint64_t request);

    /// What this session writes from now on is kept as `upload`: sftp-server and scp write for it.
    void uploads(std::uint64_t request) { uploading_.insert(request); }

    /// No more of that session's.
    void forget(std::uint64_t request) { uploading_.erase(request); }

    /// Looks at the watched files; `now_seconds` counts up. True if any file is left to be looked
    /// at.
    bool look(std::int64_t now_seconds);

    /// Keeps every watched file as it is now: a session has ended.
    void settle();

  private:
    struct Watched {
        std::uint64_t request = 0;
        std::int64_t since = 0;
    };

    using Key = std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t, std::int64_t>;

    bool known(const Place& place);

    std::string_view reason_of(std::uint64_t request, std::string_view otherwise) const {
        return uploading_.contains(request) ? "upload" : otherwise;
    }

    const CellView& view_;
    Outlet& outlet_;
    std::int64_t artifact_bytes_;
    std::map<std::string, Watched> watched_;
    std::set<Key> sent_;
    std::set<std::uint64_t> uploading_;
    std::int64_t now_ = 0;
};

} // namespace skep::cell
