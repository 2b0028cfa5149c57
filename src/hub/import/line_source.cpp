#include "hub/import/line_source.hpp"

#include "base/gzip.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace skep::hub {
namespace {

constexpr std::size_t block_bytes = std::size_t{256} * 1024;
constexpr std::string_view gzip_magic = "\x1f\x8b";

} // namespace

struct LineSource::State {
    process::Descriptor file;
    std::string path;
    std::size_t line_bytes_max;
    std::uint64_t file_bytes = 0;
    std::uint64_t read_bytes = 0;
    std::string first; ///< Read to see what it is; given to whoever reads on.
    std::optional<GzipReader> unpacked;
    std::string buffer;
    std::size_t used = 0;
    std::uint64_t number = 0;
    bool ended = false;

    Result<std::string> read_file() {
        if (!first.empty()) return std::exchange(first, {});
        std::string block(block_bytes, '\0');
        const auto count = ::read(file.get(), block.data(), block.size());
        if (count < 0) return fail(Fault::reset, path + " cannot be read");
        block.resize(static_cast<std::size_t>(count));
        read_bytes += block.size();
        return block;
    }

    /// One block more into the buffer.
    Result<void> fill() {
        buffer.erase(0, used);
        used = 0;
        if (unpacked) {
            TRY(const auto block, unpacked->read(block_bytes));
            ended = block.empty();
            buffer += block;
        } else {
            TRY(const auto block, read_file());
            ended = block.empty();
            buffer += block;
        }
        return {};
    }

    /// Reads on to the end of a line that is too long, without keeping it.
    Result<void> skip_line() {
        for (;;) {
            const auto end = buffer.find('\n', used);
            if (end != std::string::npos) {
                used = end + 1;
                return {};
            }
            used = buffer.size();
            if (ended) return {};
            if (auto filled = fill(); !filled) return filled;
        }
    }
};

LineSource::LineSource(std::unique_ptr<State> state) : state_{std::move(state)} {}

LineSource::~LineSource() = default;
LineSource::LineSource(LineSource&&) noexcept = default;
LineSource& LineSource::operator=(LineSource&&) noexcept = default;

Result<LineSource> LineSource::open(const std::string& path, std::size_t line_bytes_max) {
    auto state = std::make_unique<State>();
    state->path = path;
    state->line_bytes_max = line_bytes_max;
    state->file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!state->file.valid()) return fail(Fault::refused, path + " cannot be opened");
    const auto end = ::lseek(state->file.get(), 0, SEEK_END);
    if (end > 0) state->file_bytes = static_cast<std::uint64_t>(end);
    ::lseek(state->file.get(), 0, SEEK_SET); // a pipe has no positions, and none is needed
    TRY(state->first, state->read_file());
    if (state->first.starts_with(gzip_magic))
        state->unpacked.emplace([raw = state.get()] { return raw->read_file(); });
    return LineSource{std::move(state)};
}

Result<std::optional<SourceLine>> LineSource::next() {
    auto& s = *state_;
    std::size_t searched = s.used;
    for (;;) {
        auto end = s.buffer.find('\n', searched);
        const auto length = (end == std::string::npos ? s.buffer.size() : end) - s.used;
        const bool cr = end != std::string::npos && length != 0 && s.buffer[end - 1] == '\r';
        if (length > s.line_bytes_max + (cr ? 1 : 0)) {
            SourceLine line{s.buffer.substr(s.used, s.line_bytes_max), ++s.number, true};
            if (auto skipped = s.skip_line(); !skipped) return std::unexpected{skipped.error()};
            return std::optional{std::move(line)};
        }
        if (end == std::string::npos && !s.ended) {
            if (auto filled = s.fill(); !filled) return std::unexpected{filled.error()};
            searched = s.used + length;
            continue;
        }
        if (end == std::string::npos && length == 0) return std::optional<SourceLine>{};
        if (end == std::string::npos) end = s.buffer.size();
        SourceLine line{s.buffer.substr(s.used, length), ++s.number, false};
        if (line.text.ends_with('\r')) line.text.pop_back();
        s.used = std::min(end + 1, s.buffer.size());
        return std::optional{std::move(line)};
    }
}

std::uint64_t LineSource::file_bytes() const noexcept {
    return state_->file_bytes;
}

std::uint64_t LineSource::read_bytes() const noexcept {
    return state_->read_bytes;
}

} // namespace skep::hub
