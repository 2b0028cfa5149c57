// A content is read twice: once for its name, which for the many copies of one worm is all that is
// needed, and once into a temporary file, whose own digest decides where it belongs, because a
// hostile sender may change the bytes in between.
#include "recorder/vault.hpp"

#include "base/bytes.hpp"
#include "base/crypto/sha256.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace skep::recorder {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

constexpr std::size_t block_bytes = std::size_t{256} * 1024;
constexpr std::size_t sessions_max = 65'536;
constexpr long fuse_magic = 0x65735546;
const std::string incoming_name = ".incoming";

/// Bytes of a content that can be read without waiting for a stranger.
Result<std::uint64_t> size_of(int content) {
    if (content < 0) return fail(Fault::malformed, "no_content");
    struct stat status{};
    if (::fstat(content, &status) != 0) return fail(Fault::refused, "unreadable");
    if (!S_ISREG(status.st_mode)) return fail(Fault::malformed, "not_a_file");
    struct statfs system{};
    // A file system that another process serves may never answer.
    if (::fstatfs(content, &system) != 0 || system.f_type == fuse_magic)
        return fail(Fault::malformed, "not_a_file");
    return static_cast<std::uint64_t>(status.st_size);
}

} // namespace

struct Vault::Copy {
    int content;
    std::uint64_t bytes_max;
    Steady::time_point until;
    std::uint64_t size = 0;
    crypto::Sha256 digest;

    Copy(int fd, std::uint64_t bytes, Steady::time_point end)
        : content{fd}, bytes_max{bytes}, until{end} {}

    /// The next block; empty at the end. Sparse or growing files end at the limit like others.
    Result<std::string> next() {
        if (Steady::now() > until) return fail(Fault::timed_out, "too_slow");
        auto block = read_at(content, size, block_bytes);
        if (!block) return fail(Fault::refused, "unreadable");
        size += block->size();
        if (size > bytes_max) return fail(Fault::over_limit, "artifact_bytes");
        digest.update(*block);
        return block;
    }

    Result<std::string> name() {
        for (;;) {
            TRY(const auto block, next());
            if (block.empty()) return hex(digest.finish());
        }
    }
};

Result<Vault> Vault::open(VaultOptions options) {
    Vault vault{std::move(options)};
    TRY(vault.directory_, open_directory(vault.options_.directory));
    ::unlinkat(vault.directory_.get(), incoming_name.c_str(), 0);
    if (auto counted = vault.count(); !counted) return std::unexpected{counted.error()};
    return vault;
}

Result<void> Vault::count() {
    std::error_code error;
    for (fs::recursive_directory_iterator at{options_.directory, error}, end; !error && at != end;
         at.increment(error)) {
        std::error_code gone;
        if (!at->is_regular_file(gone)) continue;
        const auto size = at->file_size(gone);
        if (!gone) bytes_ += size;
    }
    if (error) return fail(Fault::refused, options_.directory + ": " + error.message());
    return {};
}

Result<void> Vault::admit(std::uint64_t size, const std::string& session, bool no_new) {
    if (no_new) return fail(Fault::over_limit, "disk_floor");
    if (bytes_ + size > options_.bytes_max) return fail(Fault::over_limit, "vault_bytes");
    const auto found = session_bytes_.find(session);
    const auto used = found == session_bytes_.end() ? 0 : found->second;
    if (used + size > options_.session_bytes_max)
        return fail(Fault::over_limit, "vault_bytes_per_session");
    return {};
}

bool Vault::holds(const std::string& shasum, std::uint64_t size) const {
    struct stat status{};
    const auto path = shasum.substr(0, 2) + '/' + shasum;
    return ::fstatat(directory_.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) == size;
}

Result<Kept> Vault::copy(Copy& pass) {
    ::unlinkat(directory_.get(), incoming_name.c_str(), 0);
    const auto file = open_at(directory_.get(), incoming_name, O_WRONLY | O_CREAT | O_EXCL);
    const auto write_fault = [](const Error& error) {
        const bool full = error.kind() == Fault::over_limit;
        return fail(error.kind(), full ? "disk_full" : "write_error");
    };
    if (!file) return write_fault(file.error());
    for (std::uint64_t written = 0;;) {
        TRY(const auto block, pass.next());
        if (block.empty()) break;
        const auto put = write_all(options_.calls, file->get(), block, written);
        if (!put) return write_fault(put.error());
        written = pass.size;
    }
    if (options_.calls.sync(file->get()) != 0) return write_fault(failed("fsync").error());
    Kept kept{.shasum = hex(pass.digest.finish()), .outfile = {}, .size = pass.size};
    const auto folder = kept.shasum.substr(0, 2);
    const auto place = open_directory_at(directory_.get(), folder);
    if (!place) return write_fault(place.error());
    if (::fchmod(file->get(), 0400) != 0 || ::fsync(file->get()) != 0 ||
        ::renameat(directory_.get(), incoming_name.c_str(), place->get(), kept.shasum.c_str()) != 0)
        return write_fault(failed(kept.shasum).error());
    if (const auto synced = sync_names(place->get()); !synced) return write_fault(synced.error());
    return kept;
}

Result<Kept> Vault::keep(int content, const std::string& session, bool no_new) {
    TRY(const auto size, size_of(content));
    if (size > options_.artifact_bytes_max) return fail(Fault::over_limit, "artifact_bytes");
    const auto until = Steady::now() + options_.within;
    Copy naming{content, options_.artifact_bytes_max, until};
    TRY(const auto name, naming.name());
    const auto with_outfile = [](Kept kept) {
        kept.outfile = "vault/" + kept.shasum.substr(0, 2) + '/' + kept.shasum;
        return kept;
    };
    if (holds(name, naming.size))
        return with_outfile(
            {.shasum = name, .outfile = {}, .size = naming.size, .duplicate = true});
    if (auto admitted = admit(naming.size, session, no_new); !admitted)
        return std::unexpected{admitted.error()};
    // What was admitted is the bound now: the content may have grown.
    Copy copying{content, naming.size, until};
    auto kept = copy(copying);
    if (!kept) {
        ::unlinkat(directory_.get(), incoming_name.c_str(), 0);
        return kept;
    }
    bytes_ += kept->size;
    // Sessions of a time long past: their share is forgotten together.
    if (session_bytes_.size() >= sessions_max) session_bytes_.clear();
    session_bytes_[session] += kept->size;
    return with_outfile(*std::move(kept));
}

} // namespace skep::recorder
