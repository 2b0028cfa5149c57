#include "hub/ingest.hpp"

#include "event/event.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace skep::hub {
namespace {

constexpr std::size_t batch_lines_max = 8192;
constexpr Micros list_imports_every = 1'000'000;
constexpr Micros live_age_max = 3'600'000'000; ///< What is older is history, not news.

event::Cursor cursor_of(const std::map<std::string, store::Progress>& parts) {
    const auto found = parts.find(journal_part);
    if (found == parts.end()) return {};
    return {.segment = found->second.segment,
            .offset = static_cast<std::uint64_t>(found->second.position)};
}

} // namespace

Ingest::Ingest(store::Writer writer, const std::string& journal, const std::string& hub)
    : writer_{std::move(writer)}, journal_{journal}, hub_{hub}, parts_{writer_.progress()},
      reader_{journal, cursor_of(parts_)} {
    reader_.on_bad = [this](const event::Cursor& where, std::string_view why) {
        bad(fmt::format("journal {} at byte {}: {}", where.segment, where.offset, why));
    };
}

void Ingest::bad(std::string_view why) {
    ++bad_lines_;
    if (on_bad) on_bad(why);
}

bool Ingest::anything_new() {
    return imported_.has_value() || reader_.anything_new() ||
           system_clock().now() - imports_listed_ > list_imports_every;
}

Result<IngestStep> Ingest::step() {
    TRY(auto step, step_journal());
    if (step.lines == 0) {
        TRY(step, step_imported());
    }
    caught_up_ = step.lines == 0;
    return step;
}

Result<IngestStep> Ingest::step_journal() {
    auto lines = reader_.next(batch_lines_max);
    auto after = parts_[journal_part];
    const auto& cursor = reader_.cursor();
    after.segment = cursor.segment;
    after.position = static_cast<std::int64_t>(cursor.offset);
    // A place that had to be skipped is progress too, once something good comes behind it.
    if (lines.empty()) return IngestStep{};
    std::vector<std::string> texts;
    texts.reserve(lines.size());
    for (auto& line : lines)
        texts.push_back(std::move(line.json));
    return store_lines(journal_part, std::move(after), std::move(texts));
}

bool Ingest::open_imported() {
    if (imported_) return true;
    const auto now = system_clock().now();
    if (now - imports_listed_ <= list_imports_every) return false;
    for (auto& name : imported_segments(journal_)) {
        const auto& progress = parts_[name];
        if (progress.complete) continue;
        auto reader =
            ImportedReader::open(journal_, name, static_cast<std::uint64_t>(progress.position));
        if (reader) {
            imported_.emplace(*std::move(reader));
            return true;
        }
        bad(reader.error().detail());
    }
    imports_listed_ = now;
    return false;
}

Result<IngestStep> Ingest::step_imported() {
    if (!open_imported()) return IngestStep{};
    const auto bad_before = imported_->bad_lines();
    auto lines = imported_->next(batch_lines_max);
    auto after = parts_[imported_->name()];
    after.segment = imported_->name();
    after.position = static_cast<std::int64_t>(imported_->position());
    after.complete = !lines || lines->empty();
    if (!lines) bad(fmt::format("{}: {}", imported_->name(), lines.error().detail()));
    for (auto i = bad_before; i < imported_->bad_lines(); ++i)
        bad(fmt::format("{}: a line with a wrong checksum", imported_->name()));
    const auto name = imported_->name();
    if (after.complete) imported_.reset();
    auto step =
        store_lines(name, std::move(after), lines ? *std::move(lines) : std::vector<std::string>{});
    if (step) tell_imports();
    return step;
}

Result<IngestStep> Ingest::store_lines(const std::string& part,
                                       store::Progress after,
                                       std::vector<std::string> lines) {
    std::vector<store::Record> records;
    std::vector<std::string> texts; // of the records, for the live feed
    records.reserve(lines.size());
    const bool news = part == journal_part;
    for (auto& line : lines) {
        const auto event = event::from_json(line);
        if (!event) {
            bad(event.error().detail());
            continue;
        }
        records.push_back(store::to_record(*event));
        if (news) texts.push_back(std::move(line));
    }
    IngestStep step;
    TRY(step.added, writer_.add(records, part, after));
    parts_[part] = std::move(after);
    step.lines = std::max<std::size_t>(lines.size(), 1); // the end of an import is a step too
    const auto oldest = system_clock().now() - live_age_max;
    for (std::size_t i = 0; i < records.size(); ++i) {
        step.newest = std::max(step.newest, records[i].time);
        if (news && records[i].seq != 0 && records[i].time >= oldest)
            step.live.push_back({.seq = records[i].seq,
                                 .id = std::move(records[i].id),
                                 .json = std::move(texts[i])});
    }
    return step;
}

void Ingest::tell_imports() const {
    boost::json::object parts;
    for (const auto& [name, progress] : parts_)
        if (is_imported_name(name))
            parts[name] = {{"lines", progress.lines},
                           {"added", progress.added},
                           {"complete", progress.complete}};
    const auto path = hub_ + "/imports.json";
    {
        std::ofstream file{path + ".new", std::ios::binary | std::ios::trunc};
        file << boost::json::serialize(parts);
        if (!file.flush()) return;
    }
    std::error_code ignored;
    std::filesystem::rename(path + ".new", path, ignored);
}

} // namespace skep::hub
