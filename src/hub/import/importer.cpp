#include "hub/import/importer.hpp"

#include "hub/import/cowrie.hpp"
#include "hub/import/segment_writer.hpp"

namespace skep::hub {
namespace {

constexpr std::uint64_t progress_every = 256;

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

} // namespace

Result<ImportedFile>
import_file(LineSource& source, const std::string& journal_directory, const ImportCalls& calls) {
    TRY(auto segment, SegmentWriter::open(journal_directory));
    ImportedFile file;
    for (std::uint64_t count = 0;; ++count) {
        if (count % progress_every == 0) calls.on_progress(file);
        auto line = source.next();
        if (line && !*line) break;
        if (line && is_blank((*line)->text)) continue;
        ++file.read;
        if (!line) {
            ++file.rejected;
            calls.on_rejected({.text = {}, .number = count + 1}, line.error().detail());
            break;
        }
        const auto& text = **line;
        auto event = text.too_long ? Result<event::Event>{fail(
                                         Fault::over_limit, "longer than limits.import_line_bytes")}
                                   : from_cowrie(text.text);
        if (!event) {
            ++file.rejected;
            calls.on_rejected(text, event.error().detail());
            continue;
        }
        if (auto added = segment.add(*event); !added) return std::unexpected{added.error()};
        ++file.converted;
    }
    calls.on_progress(file);
    TRY(file.segment, segment.finish());
    return file;
}

} // namespace skep::hub
