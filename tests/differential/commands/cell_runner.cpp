// Runs commands as SSH would, each in a cell of its own that nobody has been in:
//   cell_runner PERSONA IMAGES [KEY = VALUE]...
// KEY = VALUE: lines of the persona file. In: `NUMBER MILLISECONDS COMMAND`, out: `NUMBER ENDED
// STATUS SIGNAL OUTPUT ERRORS` or `NUMBER failed REASON`, one line each; what can hold any byte is
// hexadecimal.
#include "base/bytes.hpp"
#include "cell/harness.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace skep::cell;

constexpr int skipped = 77;

std::string from_hex(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        unsigned byte = 0;
        std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
        out += static_cast<char>(byte);
    }
    return out;
}

std::string run(test::TestCells& cells, const std::string& persona, const std::string& line) {
    std::istringstream fields{line};
    unsigned number = 0;
    long milliseconds = 0;
    std::string command;
    fields >> number >> milliseconds >> command;
    auto cell = cells.launch(number, persona);
    cell.patience = std::chrono::milliseconds{milliseconds};
    const auto outcome = cell.execute(from_hex(command));
    cell.stop();
    if (!outcome.failure.empty()) return fmt::format("{} failed {}", number, outcome.failure);
    return fmt::format("{} {} {} {} {}. {}.", number, outcome.ended ? 1 : 0, outcome.exit.status,
                       outcome.exit.signal, skep::hex(outcome.output), skep::hex(outcome.errors));
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        fmt::print(stderr, "usage: cell_runner PERSONA IMAGES [KEY = VALUE]...\n");
        return 2;
    }
    if (const auto reason = test::cells_unavailable(); !reason.empty()) {
        fmt::print("skipped {}\n", reason);
        return skipped;
    }
    test::TestCells cells{{}, {}, {argv[1]}, argv[2], {argv + 3, argv + argc}};
    if (!cells.error.empty()) {
        fmt::print(stderr, "{}\n", cells.error);
        return 1;
    }
    fmt::print("ready {}\n", cells.directory());
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
        fmt::print("{}\n", run(cells, argv[1], line));
        std::fflush(stdout);
    }
    return 0;
}
