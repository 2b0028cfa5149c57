#include "hub/imported_reader.hpp"

#include "base/compress.hpp"
#include "event/journal_line.hpp"
#include "process/descriptor.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <unistd.h>

namespace skep::hub {
namespace {

constexpr std::string_view prefix = "imported-";
constexpr std::string_view suffix = ".jsonl";
constexpr std::string_view packed = ".zst";
constexpr std::size_t digits = 32;
constexpr std::size_t block_bytes = std::size_t{256} * 1024;
constexpr std::size_t batch_bytes_max = std::size_t{4} * 1024 * 1024;

} // namespace

bool is_imported_name(std::string_view name) noexcept {
    if (name.size() != prefix.size() + digits + suffix.size() || !name.starts_with(prefix) ||
        !name.ends_with(suffix))
        return false;
    return std::ranges::all_of(name.substr(prefix.size(), digits), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
}

std::vector<std::string> imported_segments(const std::string& directory) {
    std::set<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator at{directory, error}, end; !error && at != end;
         at.increment(error)) {
        auto name = at->path().filename().string();
        if (!name.ends_with(packed)) continue;
        name.resize(name.size() - packed.size());
        if (is_imported_name(name)) names.insert(std::move(name));
    }
    return {names.begin(), names.end()};
}

struct ImportedReader::State {
    std::string name;
    process::Descriptor file;
    ZstdReader unpacked;
    std::string buffer; ///< Content from `position` on.
    std::uint64_t position = 0;
    std::uint64_t bad_lines = 0;
    bool ended = false;

    State(std::string which, process::Descriptor opened)
        : name{std::move(which)}, file{std::move(opened)},
          unpacked{[fd = file.get()] { return read_block(fd); }} {}

    static Result<std::string> read_block(int fd) {
        std::string block(block_bytes, '\0');
        const auto count = ::read(fd, block.data(), block.size());
        if (count < 0) return fail(Fault::reset, "an imported segment cannot be read");
        block.resize(static_cast<std::size_t>(count));
        return block;
    }

    Result<void> fill() {
        TRY(const auto block, unpacked.read(block_bytes));
        ended = block.empty();
        buffer += block;
        return {};
    }
};

ImportedReader::ImportedReader(std::unique_ptr<State> state) : state_{std::move(state)} {}

ImportedReader::~ImportedReader() = default;
ImportedReader::ImportedReader(ImportedReader&&) noexcept = default;
ImportedReader& ImportedReader::operator=(ImportedReader&&) noexcept = default;

Result<ImportedReader>
ImportedReader::open(const std::string& directory, std::string name, std::uint64_t position) {
    const auto path = directory + '/' + name + std::string{packed};
    process::Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    if (!file.valid()) return fail(Fault::refused, path + " cannot be opened");
    auto state = std::make_unique<State>(std::move(name), std::move(file));
    for (std::uint64_t skipped = 0; skipped < position;) {
        const auto wanted = std::min<std::uint64_t>(block_bytes, position - skipped);
        TRY(const auto block, state->unpacked.read(static_cast<std::size_t>(wanted)));
        if (block.empty()) return fail(Fault::malformed, path + " is shorter than it was");
        skipped += block.size();
    }
    state->position = position;
    return ImportedReader{std::move(state)};
}

Result<std::vector<std::string>> ImportedReader::next(std::size_t lines_max) {
    auto& s = *state_;
    std::vector<std::string> lines;
    std::size_t used = 0;
    while (lines.size() < lines_max && used < batch_bytes_max) {
        const auto end = s.buffer.find('\n', used);
        if (end != std::string::npos) {
            auto json = event::unframe_line(std::string_view{s.buffer}.substr(used, end - used));
            if (json)
                lines.push_back(*std::move(json));
            else
                ++s.bad_lines;
            used = end + 1;
            continue;
        }
        if (s.ended) break;
        s.buffer.erase(0, used);
        s.position += std::exchange(used, 0);
        if (auto filled = s.fill(); !filled) return std::unexpected{filled.error()};
    }
    s.buffer.erase(0, used);
    s.position += used;
    return lines;
}

const std::string& ImportedReader::name() const noexcept {
    return state_->name;
}

std::uint64_t ImportedReader::position() const noexcept {
    return state_->position;
}

std::uint64_t ImportedReader::bad_lines() const noexcept {
    return state_->bad_lines;
}

} // namespace skep::hub
