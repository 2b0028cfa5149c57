// From the journal into the store.
#pragma once

#include "event/journal_reader.hpp"
#include "hub/imported_reader.hpp"
#include "hub/live_feed.hpp"
#include "hub/store/store.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace skep::hub {

/// The part of store::Progress that the sensor's journal has.
constexpr const char* journal_part = "journal";

/// What one step did.
struct IngestStep {
    std::size_t lines = 0; ///< Read; 0 if there was nothing.
    std::size_t added = 0; ///< Not stored before.
    Micros newest = 0;     ///< Latest time of the lines.
    std::vector<LiveEvent> live;
};

/// Follows the sensor's journal and takes in imported segments beside it, the sensor's first. Used
/// by one thread.
class Ingest {
  public:
    /// `journal` is the directory of the segments, `hub` that of the store.
    Ingest(store::Writer writer, const std::string& journal, const std::string& hub);

    /// Reads one batch and stores it with the cursor. An Error is the store's: what was read comes
    /// again from the next Ingest.
    Result<IngestStep> step();

    /// Whether `step` is worth a call; a few microseconds.
    bool anything_new();

    /// Whether the last step has found nothing more.
    bool caught_up() const noexcept { return caught_up_; }

    std::int64_t last_seq() const noexcept { return writer_.last_seq(); }

    std::int64_t bad_lines() const noexcept { return bad_lines_; }

    const std::map<std::string, store::Progress>& progress() const noexcept { return parts_; }

    /// Called for what had to be skipped.
    std::function<void(std::string_view)> on_bad;

  private:
    Result<IngestStep> step_journal();
    Result<IngestStep> step_imported();
    Result<IngestStep>
    store_lines(const std::string& part, store::Progress after, std::vector<std::string> lines);
    bool open_imported();
    void tell_imports() const;
    void bad(std::string_view why);

    store::Writer writer_;
    std::string journal_;
    std::string hub_;
    std::map<std::string, store::Progress> parts_;
    event::JournalReader reader_;
    std::optional<ImportedReader> imported_;
    std::int64_t bad_lines_ = 0;
    Micros imports_listed_ = 0;
    bool caught_up_ = false;
};

/// Where the hub tells how far imported segments are, for `skep import` that waits: relative to
/// the state directory.
constexpr const char* imports_file = "hub/imports.json";

} // namespace skep::hub
