#include "cell/capture.hpp"

#include <algorithm>
#include <ctime>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>
#include <vector>

namespace skep::cell {
namespace {

using process::Descriptor;

constexpr std::size_t watched_max = 4096;
constexpr std::size_t sent_max = 20000;
constexpr std::int64_t quiet_seconds = 1;
constexpr std::int64_t forget_seconds = 120;

/// Files that programs of the image write by themselves at every login.
bool is_noise(std::string_view path) {
    return (path.starts_with("/run/") && path.ends_with(".pid")) || path.starts_with("/proc/") ||
           path.starts_with("/sys/") || path == "/run/utmp" || path == "/var/log/wtmp" ||
           path == "/var/log/btmp" || path == "/var/log/lastlog" ||
           path.ends_with("/.bash_history") || path.ends_with("/.ash_history");
}

Descriptor copy_of(const Descriptor& file, off_t size) {
    Descriptor copy{::memfd_create("artifact", MFD_CLOEXEC)};
    off_t at = 0;
    while (copy.valid() && at < size) {
        const auto count =
            ::sendfile(copy.get(), file.get(), &at, static_cast<std::size_t>(size - at));
        if (count <= 0) break; // it became shorter: keep what there was
    }
    return copy;
}

std::int64_t wall_seconds() {
    return system_clock().now() / 1000000;
}

} // namespace

bool Capture::known(const Place& place) {
    // The time of change cannot be set back as that of modification can.
    const Key key{place.info.st_dev, place.info.st_ino, place.info.st_ctim.tv_sec,
                  place.info.st_ctim.tv_nsec, place.info.st_size};
    if (sent_.size() >= sent_max) sent_.clear(); // the recorder drops doubles by content
    return !sent_.insert(key).second;
}

void Capture::keep(const Place& place, std::string_view reason, std::uint64_t request) {
    if (!place.regular() || place.info.st_size == 0 || is_noise(place.path) ||
        view_.is_base(place) || known(place))
        return;
    if (!view_.identical_program(place).empty()) return; // a copy of the image's own program
    event::Event event{place.info.st_size > artifact_bytes_ ? "file.dropped" : "file.captured",
                       system_clock().now()};
    event.text("destfile", place.path)
        .text("reason", reason)
        .number("mode", place.info.st_mode & 07777U);
    if (place.info.st_size > artifact_bytes_) {
        event.number("size", place.info.st_size).text("reason", "artifact_bytes");
        return outlet_.send(request, std::move(event));
    }
    const auto file = CellView::open_for_reading(place);
    if (!file.valid()) return;
    const auto content = copy_of(file, place.info.st_size);
    if (content.valid()) outlet_.send_artifact(request, event, content);
}

void Capture::watch(const std::string& path, std::uint64_t request) {
    if (is_noise(path) || (watched_.size() >= watched_max && !watched_.contains(path))) return;
    watched_[path] = {request, wall_seconds()};
}

bool Capture::look(std::int64_t now_seconds) {
    now_ = now_seconds;
    for (auto item = watched_.begin(); item != watched_.end();) {
        const auto place = view_.find({}, item->first, false);
        const bool quiet =
            !place.regular() || place.info.st_mtim.tv_sec + quiet_seconds < now_seconds;
        const auto request = item->second.request;
        if (quiet && place.regular()) keep(place, reason_of(request, "written"), request);
        // It may still be open, so it is looked at for a while longer.
        const auto changed =
            place.regular() ? std::max<std::int64_t>(place.info.st_mtim.tv_sec, item->second.since)
                            : 0;
        if (changed + forget_seconds < now_seconds)
            item = watched_.erase(item);
        else
            ++item;
    }
    return !watched_.empty();
}

void Capture::settle() {
    for (const auto& [path, watched] : watched_)
        keep(view_.find({}, path, false), reason_of(watched.request, "closed"), watched.request);
}

} // namespace skep::cell
