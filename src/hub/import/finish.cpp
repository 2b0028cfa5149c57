#include "hub/import/finish.hpp"

#include "hub/ingest.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

namespace skep::hub {
namespace {

constexpr std::chrono::seconds patience{60};
constexpr std::chrono::milliseconds look_every{50};

std::uint64_t count_of(const boost::json::object& object, std::string_view name) {
    const auto* member = object.if_contains({name.data(), name.size()});
    return member == nullptr || !member->is_int64() || member->get_int64() < 0
               ? 0
               : static_cast<std::uint64_t>(member->get_int64());
}

} // namespace

std::map<std::string, Stored> read_imports(const std::string& state_directory) {
    std::map<std::string, Stored> parts;
    std::ifstream file{state_directory + '/' + imports_file, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    boost::json::error_code error;
    const auto document = boost::json::parse(text, error);
    if (error || !document.is_object()) return parts;
    for (const auto& member : document.get_object()) {
        const auto* object = member.value().if_object();
        if (object == nullptr) continue;
        const auto* complete = object->if_contains("complete");
        parts[std::string{member.key()}] = {
            .lines = count_of(*object, "lines"),
            .added = count_of(*object, "added"),
            .complete = complete != nullptr && complete->is_bool() && complete->get_bool()};
    }
    return parts;
}

Result<void> ingest_here(const std::string& state_directory,
                         const Settings& settings,
                         const std::function<void(std::string_view)>& log) {
    store::StoreOptions options;
    options.directory = state_directory + "/hub";
    options.memory_bytes = static_cast<std::uint64_t>(settings.limit("hub_memory_bytes"));
    options.spill_bytes = static_cast<std::uint64_t>(settings.limit("hub_spill_bytes"));
    TRY(const auto opened, store::Store::open(options, log));
    TRY(auto connection, opened.connect());
    TRY(auto writer, store::Writer::make(std::move(connection)));
    Ingest ingest{std::move(writer), state_directory + "/journal", options.directory};
    ingest.on_bad = log;
    while (!ingest.caught_up()) {
        auto step = ingest.step();
        if (!step) return std::unexpected{step.error()};
    }
    return {};
}

Result<void> wait_for_hub(const std::string& state_directory,
                          const std::vector<std::string>& segments,
                          const std::function<void(std::uint64_t lines)>& on_progress) {
    using Steady = std::chrono::steady_clock;
    std::uint64_t before = 0;
    auto moved = Steady::now();
    for (;;) {
        auto parts = read_imports(state_directory);
        std::uint64_t lines = 0;
        bool complete = true;
        for (const auto& segment : segments) {
            lines += parts[segment].lines;
            complete = complete && parts[segment].complete;
        }
        on_progress(lines);
        if (complete) return {};
        const auto now = Steady::now();
        if (lines != before) moved = now;
        before = lines;
        if (now - moved > patience)
            return fail(Fault::timed_out, "the hub does not take the segments in; it will when it "
                                          "runs again");
        // Another process makes progress, which nothing announces.
        std::this_thread::sleep_for(look_every);
    }
}

} // namespace skep::hub
