#include "recorder/journal.hpp"

#include "event/journal_reader.hpp"
#include "recorder/recovery.hpp"

#include <fmt/format.h>

#include <charconv>
#include <fcntl.h>

namespace skep::recorder {
namespace {

constexpr std::size_t stamp_bytes = 16; // 20261124T103000Z
constexpr int number_max = 999'999;

std::string stamp(Micros time) {
    const auto text = iso8601(time); // 2026-11-24T10:30:00.123456Z
    return text.substr(0, 4) + text.substr(5, 2) + text.substr(8, 5) + text.substr(14, 2) +
           text.substr(17, 2) + 'Z';
}

/// The second after that of a stamp.
std::string stamp_after(std::string_view text) {
    const auto part = [&](std::size_t at, std::size_t count) {
        return std::string{text.substr(at, count)};
    };
    const auto time = parse_iso8601(part(0, 4) + '-' + part(4, 2) + '-' + part(6, 5) + ':' +
                                    part(11, 2) + ':' + part(13, 2));
    return stamp((time ? *time : 0) + 1'000'000);
}

int number_of(std::string_view name) {
    int number = 0;
    const auto digits = name.substr(stamp_bytes + 1, 6);
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

} // namespace

Result<Journal> Journal::open(JournalOptions options) {
    Journal journal{std::move(options)};
    TRY(journal.directory_, open_directory(journal.options_.directory));
    TRY(journal.closed_, recover_journal(journal.directory_.get(), journal.options_.directory));
    const auto names = event::journal_segments(journal.options_.directory);
    if (!names.empty()) journal.last_name_ = names.back();
    return journal;
}

/// Names rise even if the clock went back: readers go by them.
std::string Journal::next_name() const {
    auto time = stamp(options_.clock->now());
    int number = 1;
    if (!last_name_.empty()) {
        const auto last_stamp = last_name_.substr(0, stamp_bytes);
        number = number_of(last_name_) % number_max + 1;
        if (time < last_stamp) time = last_stamp;
        if (time == last_stamp && number == 1) time = stamp_after(last_stamp);
    }
    return fmt::format("{}-{:06}.jsonl", time, number);
}

Result<void> Journal::start_segment() {
    auto name = next_name();
    TRY(file_, open_at(directory_.get(), name, O_WRONLY | O_CREAT | O_EXCL));
    last_name_ = name;
    name_ = std::move(name);
    size_ = 0;
    started_ = options_.clock->now();
    name_durable_ = false;
    return {};
}

Result<void> Journal::append(std::string_view lines) {
    if (lines.empty()) return {};
    rotate_if_due();
    if (!file_.valid()) {
        if (auto started = start_segment(); !started) return started;
    }
    behind_ = true;
    if (auto written = write_all(options_.calls, file_.get(), lines, size_); !written)
        return written;
    if (options_.calls.sync(file_.get()) != 0) return failed("fdatasync");
    if (!name_durable_) {
        if (auto synced = sync_names(directory_.get()); !synced) return synced;
        name_durable_ = true;
    }
    behind_ = false;
    size_ += lines.size();
    return {};
}

void Journal::rotate_if_due() {
    if (!file_.valid() || size_ == 0 || behind_) return;
    const auto age = options_.clock->now() - started_;
    if (size_ < options_.segment_bytes && age < options_.segment_time) return;
    file_.reset();
    closed_.push_back(std::exchange(name_, {}));
}

std::vector<std::string> Journal::take_closed() {
    return std::exchange(closed_, {});
}

} // namespace skep::recorder
