#include "recorder/auth_memory.hpp"

#include "event/event.hpp"
#include "event/journal_line.hpp"

#include <fcntl.h>

namespace skep::recorder {
namespace {

const std::string file_name = "remembered.jsonl";
constexpr std::string_view line_eventid = "auth.remembered";
constexpr std::size_t source_bytes_max = 256;
constexpr std::size_t field_bytes_max = 4096;

/// One text for one login: lengths in front, because the fields may hold any bytes.
std::string key_of(const RememberedLogin& login) {
    return std::to_string(login.source.size()) + ' ' + std::to_string(login.user.size()) + ' ' +
           login.source + login.user + login.password;
}

std::string line_of(const RememberedLogin& login, Micros now) {
    event::Event entry{line_eventid, now};
    entry.text("src_ip", login.source);
    entry.text("username", login.user);
    entry.text("password", login.password);
    return event::frame_line(event::to_json(entry));
}

} // namespace

Result<AuthFile> AuthFile::open(const std::string& directory) {
    AuthFile file;
    TRY(file.directory_, open_directory(directory));
    if (auto opened = file.reopen(); !opened) return std::unexpected{opened.error()};
    if (auto synced = sync_names(file.directory_.get()); !synced)
        return std::unexpected{synced.error()};
    return file;
}

Result<void> AuthFile::reopen() {
    TRY(file_, open_at(directory_.get(), file_name, O_RDWR | O_CREAT));
    TRY(size_, file_size(file_.get()));
    return {};
}

Result<void> AuthFile::append(const FileCalls& calls, std::string_view lines) {
    if (lines.empty()) return {};
    if (auto written = write_all(calls, file_.get(), lines, size_); !written) return written;
    if (calls.sync(file_.get()) != 0) return failed(file_name);
    size_ += lines.size();
    return {};
}

Result<void> AuthFile::replace(std::string_view lines) {
    if (auto replaced = replace_file(directory_.get(), file_name, lines); !replaced)
        return replaced;
    return reopen();
}

Result<std::string> AuthFile::read() const {
    return read_at(file_.get(), 0, static_cast<std::size_t>(size_));
}

bool AuthMemory::load(std::string_view lines) {
    bool whole = true;
    while (!lines.empty()) {
        const auto end = lines.find('\n');
        const auto json = event::unframe_line(lines.substr(0, end));
        const auto entry = json && end != std::string_view::npos
                               ? event::from_json(*json)
                               : Result<event::Event>{fail(Fault::malformed)};
        lines = end == std::string_view::npos ? std::string_view{} : lines.substr(end + 1);
        ++file_lines_;
        if (!entry || entry->eventid() != line_eventid) {
            whole = false;
            continue;
        }
        insert({std::string{entry->text_of("src_ip")}, std::string{entry->text_of("username")},
                std::string{entry->text_of("password")}});
    }
    return whole;
}

Result<std::optional<std::string>> AuthMemory::add(RememberedLogin login, Micros now) {
    if (login.source.empty() || login.source.size() > source_bytes_max ||
        login.user.size() > field_bytes_max || login.password.size() > field_bytes_max)
        return fail(Fault::malformed, "remembered login");
    if (known_.contains(key_of(login))) return std::optional<std::string>{};
    auto line = line_of(login, now);
    ++file_lines_;
    insert(std::move(login));
    return std::optional{std::move(line)};
}

void AuthMemory::insert(RememberedLogin login) {
    if (!known_.insert(key_of(login)).second) return;
    entries_.push_back(std::move(login));
    if (entries_.size() <= entries_max_) return;
    known_.erase(key_of(entries_.front()));
    entries_.pop_front();
}

std::string AuthMemory::compacted(Micros now) {
    std::string lines;
    for (const auto& login : entries_)
        lines += line_of(login, now);
    file_lines_ = entries_.size();
    return lines;
}

} // namespace skep::recorder
