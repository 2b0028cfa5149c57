// Attackers' files, named by what they contain.
#pragma once

#include "recorder/files.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace skep::recorder {

struct VaultOptions {
    std::string directory;
    std::uint64_t artifact_bytes_max = 0;     ///< limits.artifact_bytes
    std::uint64_t bytes_max = 0;              ///< limits.vault_bytes
    std::uint64_t session_bytes_max = 0;      ///< limits.vault_bytes_per_session
    std::chrono::milliseconds within{30'000}; ///< Longest time for one file.
    FileCalls calls = system_files();
};

/// One kept file.
struct Kept {
    std::string shasum;  ///< 64 hexadecimal digits.
    std::string outfile; ///< Relative to the state directory: `vault/ab/ab12...`.
    std::uint64_t size = 0;
    bool duplicate = false; ///< It was there before.
};

/// `vault/ab/SHA256`, mode 0400, each whole and durable under its name or not there at all. Used
/// by one thread at a time.
class Vault {
  public:
    /// Opens the directory, removes what a crash left half-copied, and counts what is there.
    static Result<Vault> open(VaultOptions options);

    /// Copies the content of a descriptor that a peer sent, which may be anything.
    ///
    /// `no_new` keeps only what is there already (the disk is filling). The detail of an Error is
    /// the event's fixed reason: no_content, not_a_file, unreadable, artifact_bytes, vault_bytes,
    /// vault_bytes_per_session, disk_floor, disk_full, write_error, too_slow.
    Result<Kept> keep(int content, const std::string& session, bool no_new);

    std::uint64_t bytes() const noexcept { return bytes_; }

  private:
    explicit Vault(VaultOptions options) : options_{std::move(options)} {}

    struct Copy; ///< A pass over one content.

    Result<void> count();
    Result<void> admit(std::uint64_t size, const std::string& session, bool no_new);
    Result<Kept> copy(Copy& pass);
    bool holds(const std::string& shasum, std::uint64_t size) const;

    VaultOptions options_;
    process::Descriptor directory_;
    std::uint64_t bytes_ = 0;
    std::unordered_map<std::string, std::uint64_t> session_bytes_;
};

} // namespace skep::recorder
