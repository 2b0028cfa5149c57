#include "hub/import/segment_writer.hpp"

#include "base/bytes.hpp"
#include "base/crypto/random.hpp"
#include "event/journal_line.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace skep::hub {
namespace {

constexpr std::size_t flush_bytes = std::size_t{256} * 1024;
constexpr std::size_t digest_bytes = 16;

std::unexpected<Error> failed(const std::string& what) {
    return fail(Fault::refused,
                what + ": " + std::strerror(errno)); // NOLINT(concurrency-mt-unsafe): one thread
}

} // namespace

Result<SegmentWriter> SegmentWriter::open(const std::string& directory) {
    auto path = directory + "/.import-" + hex(crypto::random_bytes(8)) + ".tmp";
    process::Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (!file.valid()) return failed(path);
    return SegmentWriter{directory, std::move(path), std::move(file)};
}

SegmentWriter::~SegmentWriter() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

SegmentWriter::SegmentWriter(SegmentWriter&& other) noexcept
    : directory_{std::move(other.directory_)}, temporary_{std::exchange(other.temporary_, {})},
      file_{std::move(other.file_)}, pack_{std::move(other.pack_)},
      digest_{std::move(other.digest_)}, packed_{std::move(other.packed_)}, events_{other.events_} {
}

Result<void> SegmentWriter::flush() {
    std::string_view left = packed_;
    while (!left.empty()) {
        const auto count = ::write(file_.get(), left.data(), left.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed(temporary_);
        left.remove_prefix(static_cast<std::size_t>(count));
    }
    packed_.clear();
    return {};
}

Result<void> SegmentWriter::add(const event::Event& event) {
    const auto line = event::frame_line(event::to_json(event));
    digest_.update(line);
    pack_.write(line, packed_);
    ++events_;
    return packed_.size() < flush_bytes ? Result<void>{} : flush();
}

Result<std::string> SegmentWriter::finish() {
    pack_.finish(packed_);
    if (auto flushed = flush(); !flushed) return std::unexpected{flushed.error()};
    if (events_ == 0) return std::string{};
    if (::fsync(file_.get()) != 0) return failed(temporary_);
    auto name = "imported-" + hex(digest_.finish().substr(0, digest_bytes)) + ".jsonl";
    const auto path = directory_ + '/' + name + ".zst";
    if (::rename(temporary_.c_str(), path.c_str()) != 0) return failed(path);
    temporary_.clear();
    const process::Descriptor directory{
        ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory.valid() || ::fsync(directory.get()) != 0) return failed(directory_);
    return name;
}

} // namespace skep::hub
