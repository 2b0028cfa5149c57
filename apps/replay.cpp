// `skep replay`: shows a terminal recording as it happened, without letting its bytes near the
// terminal.
#include "apps/end_watch.hpp"
#include "apps/subcommand.hpp"
#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "recorder/cast.hpp"
#include "recorder/terminal_filter.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace skep::apps::replay {
namespace {

namespace fs = std::filesystem;
using recorder::TerminalFilter;

constexpr double speed_max = 1000;
constexpr double pause_max = 3600;
constexpr std::streamoff file_bytes_max = 2'000'000'000;

struct Request {
    std::string file;
    double speed = 1;
    double longest_pause = 2;
    bool input = false;
    bool text_only = false;
};

Result<double> number(const Arguments& arguments, std::string_view option, double max) {
    const auto text = arguments.value(option);
    double value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || !(value >= 0 && value <= max))
        return fail(Fault::refused, fmt::format("{} is a number from 0 to {}", option, max));
    return value;
}

/// The file that a word of the command line means: a session's recording, or a path.
Result<std::string> find_file(const std::string& state, const std::string& word) {
    constexpr std::size_t day_bytes = 10;
    // A session, or one of its later programs: with a number after it.
    const auto time = id_time(std::string_view{word}.substr(0, word.find('-')));
    std::error_code ignored;
    if (time >= 0 && word.find_first_not_of("-0123456789abcdef") == std::string::npos) {
        auto path = fmt::format("{}/recordings/{}/{}.cast", state,
                                iso8601(time).substr(0, day_bytes), word);
        if (fs::is_regular_file(path, ignored)) return path;
    }
    if (fs::is_regular_file(word, ignored)) return word;
    return fail(Fault::refused,
                fmt::format("{}: there is no such recording in {}/recordings, and no such file",
                            escape_text(word), state));
}

Result<Request> read_request(const Arguments& arguments) {
    if (arguments.words.size() != 1)
        return fail(Fault::refused, "`skep replay` takes one session or file");
    Request request;
    if (arguments.has("--speed")) {
        TRY(request.speed, number(arguments, "--speed", speed_max));
    }
    if (arguments.has("--max-pause")) {
        TRY(request.longest_pause, number(arguments, "--max-pause", pause_max));
    }
    request.input = arguments.has("--input");
    request.text_only = arguments.has("--raw-text");
    TRY(request.file, find_file(state_directory(arguments), arguments.words.front()));
    return request;
}

bool print(std::string_view text) {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
           std::fflush(stdout) == 0;
}

/// What one line of the recording puts on the terminal.
std::string shown(const Request& request, TerminalFilter& filter, const recorder::CastLine& line) {
    if (request.input) {
        if (line.kind != 'i') return {};
        return fmt::format("{:>10.3f}  {}\n", static_cast<double>(line.micros) / 1e6,
                           escape_text(line.text));
    }
    return line.kind == 'o' ? filter.filter(line.text) : std::string{};
}

/// Returns the number of lines that were no recording's.
std::size_t play(const Request& request, std::ifstream& file) {
    const bool timed = !request.input && !request.text_only && request.speed > 0;
    const EndWatch watch;
    TerminalFilter filter{request.text_only ? TerminalFilter::Keep::text
                                            : TerminalFilter::Keep::movements};
    std::uint64_t shown_at = 0;
    std::size_t wrong = 0;
    for (std::string text; std::getline(file, text);) {
        const auto line = recorder::parse_cast_line(text);
        if (!line) {
            ++wrong;
            continue;
        }
        const auto out = shown(request, filter, *line);
        if (out.empty()) continue;
        const auto passed = line->micros > shown_at ? line->micros - shown_at : 0;
        shown_at = line->micros;
        const auto wait = timed ? static_cast<double>(passed) / 1e6 / request.speed : 0;
        if (!watch.wait(static_cast<int>(std::min(wait, request.longest_pause) * 1000)) ||
            !print(out))
            break;
    }
    if (!request.input && !request.text_only) print(TerminalFilter::reset());
    if (!request.input) print("\n");
    return wrong;
}

bool is_header(std::string_view line) {
    boost::json::error_code error;
    const auto header = boost::json::parse({line.data(), line.size()}, error);
    const auto* members = error ? nullptr : header.if_object();
    const auto* version = members == nullptr ? nullptr : members->if_contains("version");
    return version != nullptr && *version == 2;
}

int run(const Arguments& arguments) {
    const auto request = read_request(arguments);
    if (!request) return complain(request.error().detail(), 2);
    std::ifstream file{request->file, std::ios::binary | std::ios::ate};
    if (!file || file.tellg() > file_bytes_max)
        return complain(fmt::format("{}: cannot be read", escape_text(request->file)));
    file.seekg(0);
    std::string header;
    if (!std::getline(file, header) || !is_header(header))
        return complain(
            fmt::format("{}: is no asciicast v2 recording", escape_text(request->file)));
    const auto wrong = play(*request, file);
    if (wrong != 0)
        return complain(fmt::format("{}: {} lines are no recording's and were left out",
                                    escape_text(request->file), wrong));
    return 0;
}

constexpr std::array options{
    state_option,
    Option{"--speed", "X", "So many times as fast; 0 for no pauses at all (default 1)."},
    Option{"--max-pause", "S", "Longest pause in seconds (default 2)."},
    Option{"--input", "", "What was typed, a line for each piece, instead of what was seen."},
    Option{"--raw-text", "", "The text at once, without colours, movements and pauses."},
};

} // namespace

extern const Subcommand entry{
    .name = "replay",
    .summary = "Play a terminal recording; nothing in it reaches the terminal "
               "but text, colours and cursor movements.",
    .words = "SESSION|FILE",
    .options = options,
    .example = "skep replay --state ./state 019ab3a5c04011223344 --speed 2",
    .run = run};

} // namespace skep::apps::replay
