// Logins that were accepted once and stay accepted (policy `after`): auth/remembered.jsonl.
#pragma once

#include "base/time.hpp"
#include "recorder/files.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_set>

namespace skep::recorder {

struct RememberedLogin {
    std::string source;
    std::string user;
    std::string password;
};

/// The file: framed lines like the journal's, appended or replaced as a whole. For the thread that
/// waits for the disk.
class AuthFile {
  public:
    static Result<AuthFile> open(const std::string& directory);

    /// Durable on success; after a failure the same lines must be given again.
    Result<void> append(const FileCalls& calls, std::string_view lines);

    /// Replaces everything, atomically.
    Result<void> replace(std::string_view lines);

    /// The whole content.
    Result<std::string> read() const;

  private:
    Result<void> reopen();

    process::Descriptor directory_;
    process::Descriptor file_;
    std::uint64_t size_ = 0;
};

/// What is remembered, the oldest first; at most limits.auth_memory_entries.
class AuthMemory {
  public:
    explicit AuthMemory(std::size_t entries_max) : entries_max_{entries_max} {}

    /// Takes what the file holds. False if something in it is broken: then it should be replaced.
    bool load(std::string_view lines);

    /// The line to append, or nothing if the login is known. Fault::malformed for fields that are
    /// too long.
    Result<std::optional<std::string>> add(RememberedLogin login, Micros now);

    const std::deque<RememberedLogin>& entries() const noexcept { return entries_; }

    /// Whether the file, `added` lines long since it was replaced, holds mostly forgotten entries.
    bool wants_compaction() const noexcept { return file_lines_ > 2 * entries_max_; }

    /// The content that the file should have; counts as replaced.
    std::string compacted(Micros now);

  private:
    void insert(RememberedLogin login);

    std::size_t entries_max_;
    std::size_t file_lines_ = 0;
    std::deque<RememberedLogin> entries_;
    std::unordered_set<std::string> known_;
};

} // namespace skep::recorder
