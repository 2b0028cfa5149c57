// `skep import`: takes other honeypots' logs into the journal and the store.
#include "apps/subcommand.hpp"
#include "base/bytes.hpp"
#include "base/settings.hpp"
#include "base/time.hpp"
#include "hub/import/finish.hpp"
#include "hub/import/importer.hpp"
#include "process/supervisor.hpp"
#include "process/user.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <unistd.h>

namespace skep::apps::import_log {
namespace {

constexpr std::size_t shown_bytes_max = 200;

/// One line on a terminal that is written over and over; nothing elsewhere.
class ProgressLine {
  public:
    void show(const std::string& text) {
        const auto now = std::chrono::steady_clock::now();
        if (!terminal_ || now - shown_ < std::chrono::milliseconds{100}) return;
        shown_ = now;
        fmt::print(stderr, "\r\x1b[K{}", text);
    }

    void clear() const {
        if (terminal_) fmt::print(stderr, "\r\x1b[K");
    }

  private:
    bool terminal_ = ::isatty(STDERR_FILENO) == 1;
    std::chrono::steady_clock::time_point shown_;
};

struct Input {
    std::string name;
    hub::LineSource source;
};

/// The side file of broken lines; made when there is one.
class Rejects {
  public:
    explicit Rejects(std::string path) : path_{std::move(path)} {}

    void add(const std::string& file, const hub::SourceLine& line, std::string_view reason) {
        if (!file_) file_.reset(std::fopen(path_.c_str(), "ae"));
        if (!file_) return;
        fmt::print(file_.get(), "{}:{}: {}: {}\n", escape_line(file), line.number,
                   escape_line(reason),
                   escape_line(std::string_view{line.text}.substr(0, shown_bytes_max)));
    }

    bool any() const { return file_ != nullptr; }

    const std::string& path() const { return path_; }

  private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    std::string path_;
    std::unique_ptr<std::FILE, Close> file_;
};

struct Totals {
    std::uint64_t read = 0;
    std::uint64_t converted = 0;
    std::uint64_t rejected = 0;
    std::vector<std::string> segments; ///< Each once: two files may hold the same events.
};

std::string bar(const Input& input, const hub::ImportedFile& so_far) {
    constexpr std::uint64_t width = 30;
    const auto total = std::max<std::uint64_t>(input.source.file_bytes(), 1);
    const auto done = std::min(input.source.read_bytes(), total);
    const auto filled = done * width / total;
    return fmt::format("{} [{}{}] {:3}% {} lines", escape_text(input.name),
                       std::string(filled, '#'), std::string(width - filled, ' '),
                       done * 100 / total, so_far.read);
}

Result<Totals> convert(std::vector<Input>& inputs, Rejects& rejects, ProgressLine& progress) {
    Totals totals;
    for (auto& input : inputs) {
        hub::ImportCalls calls;
        calls.on_rejected = [&](const hub::SourceLine& line, std::string_view reason) {
            rejects.add(input.name, line, reason);
        };
        calls.on_progress = [&](const hub::ImportedFile& so_far) {
            progress.show(bar(input, so_far));
        };
        TRY(auto file, hub::import_file(input.source, "journal", calls));
        totals.read += file.read;
        totals.converted += file.converted;
        totals.rejected += file.rejected;
        if (!file.segment.empty() &&
            std::ranges::find(totals.segments, file.segment) == totals.segments.end())
            totals.segments.push_back(std::move(file.segment));
    }
    return totals;
}

using Parts = std::map<std::string, hub::Stored>;

/// How many events of the segments the store has taken as new since `before`.
std::uint64_t added_since(Parts before, const std::vector<std::string>& segments) {
    std::uint64_t added = 0;
    auto now = hub::read_imports(".");
    for (const auto& segment : segments)
        added += now[segment].added - std::min(before[segment].added, now[segment].added);
    return added;
}

Result<void> store(const Settings& settings, const Totals& totals, ProgressLine& progress) {
    const auto waiting = [&](std::uint64_t lines) {
        progress.show(fmt::format("storing: {} of {} events", lines, totals.converted));
    };
    const auto log = [&](std::string_view what) {
        progress.clear();
        fmt::print(stderr, "skep: {}\n", escape_text(what));
    };
    if (!process::is_running(".") || !settings.flag("hub.enabled")) {
        waiting(0);
        auto here = hub::ingest_here(".", settings, log);
        // A hub may have started in the meantime.
        if (here || !process::is_running(".")) return here;
    }
    return hub::wait_for_hub(".", totals.segments, waiting);
}

std::string rejects_path(const Arguments& arguments) {
    const auto now = iso8601(skep::system_clock().now()); // 2026-11-24T10:30:00.123456Z
    std::string stamp;
    for (const char c : now.substr(0, 19))
        if (c != '-' && c != ':') stamp += c;
    if (!arguments.has("--rejects")) return "import-rejected-" + stamp + "Z.log";
    return std::filesystem::absolute(arguments.value("--rejects")).string();
}

int run(const Arguments& arguments) {
    if (arguments.words.empty()) return complain("`skep import` needs a FILE", 2);
    const auto state = state_directory(arguments);
    const auto settings = Settings::load(state);
    if (!settings) return complain(settings.error().detail(), 2);
    // Opened before we become the deployment's user, who may not read them.
    std::vector<Input> inputs;
    for (const auto& name : arguments.words) {
        auto source = hub::LineSource::open(
            name, static_cast<std::size_t>(settings->limit("import_line_bytes")));
        if (!source) return complain(source.error().detail(), 2);
        inputs.push_back({.name = name, .source = *std::move(source)});
    }
    Rejects rejects{rejects_path(arguments)};
    if (auto become = process::become_user(settings->text("run.user"), state); !become)
        return complain(become.error().detail(), 2);
    ProgressLine progress;
    // Before the first segment is there: a hub that runs takes it in at once.
    const auto before = hub::read_imports(".");
    const auto totals = convert(inputs, rejects, progress);
    progress.clear();
    if (!totals) return complain(totals.error().detail());
    const auto stored = store(*settings, *totals, progress);
    progress.clear();
    const auto added = added_since(before, totals->segments);
    fmt::print("read {}, imported {}, already there {}, rejected {}\n", totals->read, added,
               totals->converted - std::min(added, totals->converted), totals->rejected);
    if (rejects.any())
        fmt::print(stderr, "Broken lines are in {}.\n", escape_text(rejects.path()));
    else if (totals->rejected != 0)
        fmt::print(stderr, "Broken lines could not be written to {}.\n",
                   escape_text(rejects.path()));
    if (!stored) return complain(stored.error().detail());
    return 0;
}

constexpr std::array options{
    state_option, Option{"--rejects", "FILE",
                         "Where broken lines go, each with its file, number and reason (default: "
                         "import-rejected-TIME.log in the state directory)."}};

} // namespace

extern const Subcommand entry{
    .name = "import",
    .summary = "Take Cowrie's JSON logs (plain or gzip) into the deployment; again is harmless.",
    .words = "FILE...",
    .options = options,
    .example = "skep import --state ./state /var/log/cowrie/cowrie.json*",
    .run = run};

} // namespace skep::apps::import_log
