// From a log file to a segment of the journal.
#pragma once

#include "hub/import/line_source.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace skep::hub {

/// What became of one file. read = converted + rejected.
struct ImportedFile {
    std::string segment;         ///< In journal/, without `.zst`; empty if nothing was converted.
    std::uint64_t read = 0;      ///< Lines that are not blank.
    std::uint64_t converted = 0; ///< Events in the segment.
    std::uint64_t rejected = 0;
};

struct ImportCalls {
    std::function<void(const SourceLine& line, std::string_view reason)> on_rejected;
    /// After every few lines.
    std::function<void(const ImportedFile& so_far)> on_progress;
};

/// Converts every line of Cowrie's log. A damaged end of a packed file is one rejected line; what
/// came before it is kept. Fault::refused if the segment cannot be written.
Result<ImportedFile>
import_file(LineSource& source, const std::string& journal_directory, const ImportCalls& calls);

} // namespace skep::hub
