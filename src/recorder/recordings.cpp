#include "recorder/recordings.hpp"

#include "base/bytes.hpp"
#include "base/ids.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace skep::recorder {
namespace {

constexpr std::size_t session_digits = 20;
constexpr std::size_t counter_digits_max = 9;
constexpr std::size_t day_bytes = 10;
constexpr Micros day = 86'400'000'000;
constexpr Micros oldest = 8 * day; // limits.session_seconds is at most a week
constexpr std::size_t synced_one_by_one_max = 16;

std::string ttylog_of(const std::string& path) {
    return "recordings/" + path;
}

} // namespace

Result<std::string> recording_path(std::string_view name, Micros now) {
    const auto session = name.substr(0, session_digits);
    auto counter = name.substr(session.size());
    if (session.size() != session_digits ||
        session.find_first_not_of("0123456789abcdef") != std::string_view::npos)
        return fail(Fault::malformed, "session");
    if (!counter.empty()) {
        const bool marked = counter.starts_with('-');
        counter.remove_prefix(1);
        if (!marked || counter.empty() || counter.size() > counter_digits_max ||
            counter.find_first_not_of("0123456789") != std::string_view::npos)
            return fail(Fault::malformed, "number of a recording");
    }
    const auto time = id_time(session);
    if (time < now - oldest || time > now + day) return fail(Fault::malformed, "session's time");
    return iso8601(time).substr(0, day_bytes) + '/' + std::string{name} + ".cast";
}

Result<Recordings> Recordings::open(RecordingOptions options) {
    Recordings recordings{std::move(options)};
    TRY(recordings.directory_, open_directory(recordings.options_.directory));
    return recordings;
}

Result<void> Recordings::append(Recording& recording, std::string_view lines) {
    if (recording.full || recording.size + lines.size() > options_.bytes_max) {
        recording.full = true;
        return fail(Fault::over_limit, "recording_bytes");
    }
    const auto file = open_at(directory_.get(), recording.path, O_WRONLY);
    auto written = file ? write_all(options_.calls, file->get(), lines, recording.size)
                        : Result<void>{std::unexpected{file.error()}};
    if (!written) {
        // Half a line must not stay: a later chunk would stand behind it.
        if (file && ::ftruncate(file->get(), static_cast<off_t>(recording.size)) != 0)
            recording.full = true;
        recording.full = true;
        return fail(Fault::over_limit, written.error().detail());
    }
    recording.size += lines.size();
    recording.digest.update(lines);
    unsynced_.insert(recording.path);
    return {};
}

/// Reads what a file has; what stands behind its last good line is cut off.
Result<Recordings::Recording> Recordings::resume(const std::string& path) {
    TRY(const auto file, open_at(directory_.get(), path, O_RDWR));
    TRY(const auto size, file_size(file.get()));
    if (size > options_.bytes_max) return fail(Fault::over_limit, "recording_bytes");
    TRY(const auto bytes, read_at(file.get(), 0, static_cast<std::size_t>(size)));
    Recording recording;
    recording.path = path;
    recording.resumed = true;
    std::string_view left{bytes};
    for (bool header = true; !left.empty(); header = false) {
        const auto end = left.find('\n');
        if (end == std::string_view::npos) break;
        auto state = recording.state;
        if (!header && !state.read(left.substr(0, end))) break;
        if (state.chunks() != recording.state.chunks()) {
            recording.before_last = recording.state;
            recording.last_chunk = recording.size;
        }
        recording.state = std::move(state);
        recording.digest.update(left.substr(0, end + 1));
        recording.size += end + 1;
        left.remove_prefix(end + 1);
    }
    if (recording.size == 0) return fail(Fault::malformed, "recording without a header");
    if (recording.size < size && ::ftruncate(file.get(), static_cast<off_t>(recording.size)) != 0)
        return failed(path);
    unsynced_.insert(path);
    return recording;
}

Result<Recordings::Recording*> Recordings::find(const std::string& session) {
    if (const auto found = open_.find(session); found != open_.end()) return &found->second;
    TRY(const auto path, recording_path(session, options_.clock->now()));
    if (open_.size() >= options_.open_max) return fail(Fault::over_limit, "open recordings");
    TRY(auto recording, resume(path));
    return &open_.emplace(session, std::move(recording)).first->second;
}

Result<std::string> Recordings::begin(const std::string& session, const RecordingHeader& header) {
    if (const auto known = find(session)) return ttylog_of((*known)->path);
    TRY(const auto path, recording_path(session, options_.clock->now()));
    if (open_.size() >= options_.open_max) return fail(Fault::over_limit, "open recordings");
    const auto folder = path.substr(0, day_bytes);
    TRY(const auto place, open_directory_at(directory_.get(), folder));
    TRY(const auto file, open_at(directory_.get(), path, O_WRONLY | O_CREAT | O_TRUNC));
    Recording recording;
    recording.path = path;
    const auto first =
        cast_header(header.width, header.height, options_.clock->now() / 1'000'000, header.term);
    if (auto written = append(recording, first); !written) return std::unexpected{written.error()};
    unsynced_.insert(folder);
    open_.emplace(session, std::move(recording));
    return ttylog_of(path);
}

/// A resent last chunk: what a crash cut off from its lines is written again.
Result<void> Recordings::rewrite_last(Recording& recording, const Chunk& chunk) {
    auto state = recording.before_last;
    const auto lines = state.add(chunk);
    if (recording.last_chunk + lines.size() == recording.size) return {};
    TRY(const auto file, open_at(directory_.get(), recording.path, O_WRONLY));
    if (::ftruncate(file.get(), static_cast<off_t>(recording.last_chunk)) != 0)
        return failed(recording.path);
    TRY(recording, resume(recording.path));
    recording.state = std::move(state);
    return append(recording, lines);
}

Result<void> Recordings::add(const std::string& session, const Chunk& chunk) {
    TRY(auto* recording, find(session));
    const auto known = recording->state.chunks();
    if (recording->resumed && chunk.index + 1 == known) return rewrite_last(*recording, chunk);
    if (chunk.index < known) return {};
    if (chunk.index > known) {
        // After a restart: what is missing was left out because the recording was full.
        recording->full = true;
        return fail(Fault::over_limit, "recording_bytes");
    }
    auto state = recording->state;
    const auto lines = state.add(chunk);
    if (auto written = append(*recording, lines); !written) return written;
    recording->resumed = false;
    recording->state = std::move(state);
    return {};
}

Result<ClosedRecording> Recordings::end(const std::string& session) {
    TRY(auto* recording, find(session));
    ClosedRecording closed{.ttylog = ttylog_of(recording->path),
                           .size = recording->size,
                           .duration_ms = recording->state.micros() / 1000,
                           .shasum = hex(recording->digest.finish()),
                           .truncated = recording->full};
    open_.erase(session);
    return closed;
}

void Recordings::release(const std::string& session) {
    open_.erase(session);
}

std::vector<std::string> Recordings::take_unsynced() {
    const auto names = std::exchange(unsynced_, {});
    return {names.begin(), names.end()};
}

Result<void> Recordings::sync(const std::vector<std::string>& names) const {
    // One call for the whole file system is cheaper than a journal commit for each of many files.
    if (names.size() > synced_one_by_one_max) {
        if (::syncfs(directory_.get()) != 0) return failed("syncfs");
        return {};
    }
    for (const auto& name : names) {
        const process::Descriptor file{
            ::openat(directory_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
        if (!file.valid() || ::fsync(file.get()) != 0) return failed(name);
    }
    return {};
}

} // namespace skep::recorder
