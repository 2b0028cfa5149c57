// `skep events`: what is in the journal, with or without a running deployment.
#include "apps/end_watch.hpp"
#include "apps/subcommand.hpp"
#include "base/bytes.hpp"
#include "event/filter.hpp"
#include "event/journal_reader.hpp"
#include "process/descriptor.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <sys/inotify.h>
#include <unistd.h>

namespace skep::apps::events {
namespace {

constexpr std::size_t lines_at_once = 1000;
constexpr std::size_t limit_max = 1'000'000;
constexpr Micros clock_slack = 60'000'000;

struct Request {
    event::Filter filter;
    std::optional<std::size_t> newest; ///< Only so many, the last ones.
    bool json = false;
    bool follow = false;
    event::Colour colour = event::Colour::no;
};

Result<Request> read_request(const Arguments& arguments) {
    Request request;
    request.filter.eventid = arguments.value("--eventid");
    request.filter.session = arguments.value("--session");
    request.filter.src_ip = arguments.value("--src-ip");
    request.filter.text = arguments.value("--grep");
    request.json = arguments.has("--json");
    request.follow = arguments.has("--follow");
    const auto now = system_clock().now();
    if (arguments.has("--since")) {
        TRY(request.filter.since, event::parse_when(arguments.value("--since"), now));
    }
    if (arguments.has("--until")) {
        TRY(request.filter.until, event::parse_when(arguments.value("--until"), now));
    }
    if (arguments.has("--limit")) {
        const auto text = arguments.value("--limit");
        std::size_t count = 0;
        const auto* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, count);
        if (error != std::errc{} || stop != end || count == 0 || count > limit_max)
            return fail(Fault::refused, fmt::format("--limit is a number from 1 to {}", limit_max));
        request.newest = count;
    }
    if (!request.json && ::isatty(STDOUT_FILENO) == 1) request.colour = event::Colour::yes;
    return request;
}

/// The oldest segment that may hold an event of `since` or later: what a segment holds was written
/// before the next one began.
event::Cursor first_place(const std::string& journal, std::optional<Micros> since) {
    event::Cursor place;
    if (!since) return place;
    for (const auto& name : event::journal_segments(journal)) {
        const auto& s = name; // 20261124T103000Z-000001.jsonl
        const auto began =
            parse_iso8601(s.substr(0, 4) + '-' + s.substr(4, 2) + '-' + s.substr(6, 5) + ':' +
                          s.substr(11, 2) + ':' + s.substr(13, 2));
        if (began && *began + clock_slack >= *since) break;
        place.segment = name;
    }
    return place;
}

/// False once nobody reads any more.
bool print(const std::string& line) {
    return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() &&
           std::fputc('\n', stdout) != EOF;
}

/// The line for one stored event, or nothing if it was not asked for.
std::optional<std::string> wanted_line(const Request& request, const std::string& json) {
    const auto event = event::from_json(json);
    if (!event || !request.filter.matches(*event)) return std::nullopt;
    return request.json ? json : event::to_line(*event, request.colour);
}

/// Prints everything that is there now. False once nobody reads any more.
bool print_present(const Request& request, event::JournalReader& reader) {
    std::deque<std::string> last;
    for (;;) {
        const auto lines = reader.next(lines_at_once);
        if (lines.empty()) break;
        for (const auto& stored : lines) {
            auto line = wanted_line(request, stored.json);
            if (!line) continue;
            if (!request.newest) {
                if (!print(*line)) return false;
                continue;
            }
            last.push_back(*std::move(line));
            if (last.size() > *request.newest) last.pop_front();
        }
    }
    for (const auto& line : last)
        if (!print(line)) return false;
    return std::fflush(stdout) == 0;
}

/// Waits for changes of the journal until nobody wants more.
void follow(Request request,
            const EndWatch& watch,
            const std::string& journal,
            event::JournalReader& reader) {
    request.newest.reset();
    const process::Descriptor changes{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
    bool watching = false;
    for (;;) {
        // Before the read: what is written after it wakes us.
        if (!watching)
            watching = ::inotify_add_watch(changes.get(), journal.c_str(),
                                           IN_MODIFY | IN_CREATE | IN_MOVED_TO) >= 0;
        if (!print_present(request, reader)) return;
        constexpr int milliseconds = 1000; // for a journal that does not exist yet
        if (!watch.wait(milliseconds, changes.get())) return;
        std::array<char, 4096> ignored{};
        while (::read(changes.get(), ignored.data(), ignored.size()) > 0) {
        }
    }
}

int run(const Arguments& arguments) {
    const auto request = read_request(arguments);
    if (!request) return complain(request.error().detail(), 2);
    const auto state = state_directory(arguments);
    std::error_code ignored;
    if (!std::filesystem::is_directory(state, ignored))
        return complain(fmt::format("{}: there is no deployment; `skep init` makes one", state));
    const auto journal = state + "/journal";
    if (std::filesystem::exists(journal, ignored) && ::access(journal.c_str(), R_OK | X_OK) != 0)
        return complain(fmt::format("{}: it cannot be read by this user", journal));
    const EndWatch watch;
    event::JournalReader reader{journal, first_place(journal, request->filter.since)};
    reader.on_bad = [](const event::Cursor& where, std::string_view why) {
        complain(fmt::format("{}, byte {}: {}", where.segment, where.offset, why));
    };
    if (print_present(*request, reader) && request->follow)
        follow(*request, watch, journal, reader);
    return 0;
}

constexpr std::array options{
    state_option,
    Option{"--follow", "", "Wait for more until interrupted."},
    Option{"--json", "", "The stored events, one JSON object a line."},
    Option{"--eventid", "ID", "Only this kind, or a group: `login.`."},
    Option{"--session", "ID", "Only this session's."},
    Option{"--src-ip", "ADDRESS", "Only this source's."},
    Option{"--grep", "TEXT", "Only events with this text in one of their values."},
    Option{"--since", "TIME", "Not older: -15m, -24h, -7d, 2026-11-24, 2026-11-24T10:30:00Z."},
    Option{"--until", "TIME", "Only older than this."},
    Option{"--limit", "N", "Only the newest N that match."},
};

} // namespace

extern const Subcommand entry{.name = "events",
                              .summary = "Show what attackers did, from the journal.",
                              .words = {},
                              .options = options,
                              .example = "skep events --state ./state --follow --eventid login.",
                              .run = run};

} // namespace skep::apps::events
