// Measures cells, or lets a person type into one: skep_cell_bench STATE [PERSONA [COMMAND]...]
//
// Without commands it prints the time to the first prompt of new and resumed cells, memory per idle
// cell and the cost of a notification. The state directory needs the images (`skep image build`).
#include "cell/harness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <vector>

namespace {

using namespace skep::cell;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values.empty() ? 0 : values[values.size() / 2];
}

long field_kib(const std::string& file, const std::string& name) {
    std::ifstream in{file};
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(name)) return std::stol(line.substr(name.size()));
    return 0;
}

int run_commands(test::TestCells& cells, const std::string& persona, int count, char** commands) {
    auto cell = cells.launch(77, persona);
    if (const auto failed = cell.open("root"); !failed.empty()) {
        fmt::print(stderr, "{}\n", failed);
        return 1;
    }
    for (int i = 0; i < count; ++i)
        fmt::print("# {}\n{}", commands[i], cell.run(commands[i]));
    cell.listen(std::chrono::milliseconds{2500});
    for (const auto& event : cell.events)
        fmt::print("{}\n", skep::event::to_json(event));
    cell.stop();
    return 0;
}

void measure(test::TestCells& cells, const std::string& persona) {
    constexpr unsigned rounds = 20;
    std::vector<double> fresh;
    std::vector<double> again;
    std::vector<test::TestCell> kept;
    long available = field_kib("/proc/meminfo", "MemAvailable:");
    const auto first = static_cast<unsigned>(
                           std::chrono::system_clock::now().time_since_epoch().count() / 1000000) &
                       0xffffffU;
    for (unsigned i = 0; i < rounds; ++i) {
        const auto start = Clock::now();
        auto cell = cells.launch(first + i, persona);
        if (const auto failed = cell.open_quick("root"); !failed.empty()) {
            fmt::print(stderr, "{}\n", failed);
            return;
        }
        fresh.push_back(ms_since(start));
        const auto second = Clock::now();
        static_cast<void>(cell.open_quick("root"));
        again.push_back(ms_since(second));
        kept.push_back(std::move(cell));
    }
    available -= field_kib("/proc/meminfo", "MemAvailable:");
    fmt::print("first prompt, new cell:      median {:.1f} ms, worst {:.1f} ms\n", median(fresh),
               std::ranges::max(fresh));
    fmt::print("first prompt, resumed cell:  median {:.1f} ms, worst {:.1f} ms\n", median(again),
               std::ranges::max(again));
    fmt::print("memory of an idle cell with a shell (system, {} cells): {} KiB\n", rounds,
               available / static_cast<long>(rounds));
    auto& cell = kept.front();
    std::vector<double> commands;
    for (unsigned i = 0; i < rounds; ++i) {
        const auto start = Clock::now();
        if (cell.execute("uname -a").output.empty()) fmt::print(stderr, "no output\n");
        commands.push_back(ms_since(start));
    }
    fmt::print("a command on pipes, to its end: median {:.2f} ms, worst {:.2f} ms\n",
               median(commands), std::ranges::max(commands));
    if (const auto failed = cell.open("root"); failed.empty()) {
        const auto start = Clock::now();
        cell.run("i=0; while [ $i -lt 2000 ]; do : < /etc/passwd; i=$((i+1)); done");
        const auto with = ms_since(start);
        const auto plain = Clock::now();
        cell.run("i=0; while [ $i -lt 2000 ]; do : ; i=$((i+1)); done");
        fmt::print("an open with notification and the shell around it: {:.1f} us\n",
                   (with - ms_since(plain)) / 2000 * 1000);
        const auto programs = Clock::now();
        cell.run("i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i+1)); done");
        fmt::print("fork and execve of a program, traced and recorded: {:.2f} ms\n",
                   ms_since(programs) / 100);
    }
    for (auto& one : kept)
        one.stop();
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "usage: skep_cell_bench STATE [PERSONA [COMMAND]...]\n");
        return 2;
    }
    if (const auto reason = test::cells_unavailable(); !reason.empty()) {
        fmt::print("skipped: {}\n", reason);
        return 0;
    }
    const std::string persona = argc > 2 ? argv[2] : "router";
    test::TestCells cells{{}, argv[1], {persona}};
    if (!cells.error.empty()) {
        fmt::print(stderr, "{}\n", cells.error);
        return 1;
    }
    if (argc > 3) return run_commands(cells, persona, argc - 3, argv + 3);
    measure(cells, persona);
    return 0;
}
