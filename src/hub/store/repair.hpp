// What a power loss can do to DuckDB's write-ahead log, and how it opens again.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace skep::hub::store {

/// Whether DuckDB's message says that its log ends in rubbish. (It opens one that is only too
/// short by itself.)
bool is_torn_log(std::string_view message) noexcept;

/// Whether DuckDB's message is about the machine and not about the file's content: another process
/// has it open, it may not be read, the disk is full.
bool is_surroundings(std::string_view message) noexcept;

/// Whether DuckDB's message says that another process has the file open.
bool is_locked(std::string_view message) noexcept;

/// Whether DuckDB's message says that what is in the file is wrong, and not that, say, the disk is
/// full.
bool is_damage(std::string_view message) noexcept;

/// Cuts the log where the message says that it goes wrong. What is lost was committed, so the
/// cursor goes back with it and the journal gives the events again.
Result<void> cut_torn_log(const std::string& path, std::string_view message);

} // namespace skep::hub::store
