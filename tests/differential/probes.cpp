#include "probes.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string_view>

namespace skep::tests {
namespace {

std::string unescape(std::string_view text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            bytes += text[i];
            continue;
        }
        const char kind = text[++i];
        if (kind == 'x') {
            bytes += static_cast<char>(std::stoi(std::string{text.substr(i + 1, 2)}, nullptr, 16));
            i += 2;
        } else {
            bytes += kind == 'r' ? '\r' : kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
        }
    }
    return bytes;
}

std::string byte(int value) {
    return {static_cast<char>(value)};
}

std::string negotiate(int verb, int option) {
    return "\xff" + byte(verb) + byte(option);
}

constexpr int will = 251, wont = 252, do_it = 253, dont = 254;

Step packet(std::string bytes) {
    return {.kind = Step::Kind::send, .bytes = std::move(bytes), .time = {}};
}

/// Brings inetutils' telnetd to the prompt of a client that knows nothing but ECHO and SGA.
std::vector<Step> prompt(const std::string& server) {
    if (server == "busybox") return {};
    std::string first, second;
    for (const int option : {37, 24, 32, 35, 39, 36})
        first += negotiate(wont, option);
    first += negotiate(dont, 37) + negotiate(dont, 38);
    for (const int option : {1, 31, 33, 34})
        second += negotiate(wont, option);
    second += negotiate(do_it, 1) + negotiate(do_it, 3) + negotiate(dont, 5);
    return {packet(first), packet(second)};
}

/// One probe for each option, each command, and each control character at the login prompt.
void generate(const std::string& server, std::vector<Probe>& probes) {
    const auto add = [&](std::string name, const std::vector<std::string>& packets) {
        Probe probe{.name = std::move(name), .steps = prompt(server)};
        for (const auto& bytes : packets)
            probe.steps.push_back(packet(bytes));
        probes.push_back(std::move(probe));
    };
    for (int option = 0; option < 256; ++option) {
        if (option > 46 && option != 85 && option != 99 && option != 138 && option < 254) continue;
        if (option == 18 || option == 6) continue; // LOGOUT and TM have probes of their own
        add("option-" + std::to_string(option),
            {negotiate(will, option) + negotiate(do_it, option),
             negotiate(wont, option) + negotiate(dont, option),
             negotiate(do_it, option) + negotiate(do_it, option) + negotiate(will, option), "x\r",
             std::string{"\0", 1}});
    }
    for (int command = 236; command < 250; ++command)
        add("command-" + std::to_string(command), {"ab\xff" + byte(command) + "cd", "ef"});
    for (int control = 0; control < 34; ++control)
        add("control-" + std::to_string(control), {"ab c" +
                                                   byte(control == 32   ? 127
                                                        : control == 33 ? 0x9b
                                                                        : control) +
                                                   "d"});
}

const std::vector<Step>& find(const std::map<std::string, Probe>& known, const std::string& name) {
    const auto found = known.find(name);
    if (found == known.end()) throw std::runtime_error{"no probe " + name};
    return found->second.steps;
}

void add_line(const std::string& line, const std::map<std::string, Probe>& known, Probe& probe) {
    if (line.starts_with("> ")) {
        probe.steps.push_back(packet(unescape(line.substr(2))));
    } else if (line.starts_with("oob ")) {
        probe.steps.push_back(
            {.kind = Step::Kind::urgent, .bytes = unescape(line.substr(4)), .time = {}});
    } else if (line == "fin") {
        probe.steps.push_back({.kind = Step::Kind::end, .bytes = {}, .time = {}});
    } else if (line.starts_with("~ ")) {
        probe.steps.push_back({.kind = Step::Kind::wait,
                               .bytes = {},
                               .time = std::chrono::seconds{std::stoi(line.substr(2))}});
    } else if (line.starts_with("use ")) {
        const auto& steps = find(known, line.substr(4));
        probe.steps.insert(probe.steps.end(), steps.begin(), steps.end());
    } else {
        throw std::runtime_error{"what is this: " + line};
    }
}

} // namespace

std::vector<Probe> load_probes(const std::string& file, const std::string& server) {
    std::map<std::string, Probe> known{{"prompt", {.name = "prompt", .steps = prompt(server)}}};
    std::vector<Probe> probes;
    std::ifstream stream{file};
    std::string line;
    Probe* probe = nullptr;
    Probe other;
    while (std::getline(stream, line)) {
        if (line.empty() || line[0] == '#') continue;
        if (line[0] != '[') {
            add_line(line, known, *probe);
            if (probe != &other) known[probe->name] = *probe;
            continue;
        }
        auto name = line.substr(1, line.find(']') - 1);
        const auto colon = name.find(": ");
        const bool ours = colon == std::string::npos || name.substr(colon + 2) == server;
        name.resize(std::min(colon, name.size()));
        if (ours) probes.push_back({.name = name, .steps = {}});
        probe = ours ? &probes.back() : &(other = {});
    }
    generate(server, probes);
    return probes;
}

} // namespace skep::tests
