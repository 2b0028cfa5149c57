// Sends the same probes to a real telnetd with its login and to Skep's service, and compares every
// byte, the urgent data and the end of the connection.
//
//   telnet_differential inetutils|busybox PROBES DIFFERENCES [NAME...]
//
// Ends with 77 (skipped) where the real server cannot be run.
#include "base/bytes.hpp"
#include "masks.hpp"
#include "probes.hpp"
#include "real_server.hpp"
#include "skep_server.hpp"
#include "support/session_fakes.hpp"
#include "wire.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iostream>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

using namespace skep;
using namespace skep::tests;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr int skipped = 77;
constexpr int threads = 20;
/// On a busy machine the real server's own races (an echo that a flush overtakes or not) show: it
/// is asked again, and given more time, before a difference counts.
constexpr int attempts = 6;

/// The answers to one probe: one text for the greeting and one for each step.
struct Dialog {
    std::vector<std::string> answers;
    std::string end;
};

void take_step(Wire& wire, const Step& step) {
    switch (step.kind) {
    case Step::Kind::send: wire.send(step.bytes); break;
    case Step::Kind::urgent: wire.send_urgent(step.bytes); break;
    case Step::Kind::end: wire.send_end(); break;
    case Step::Kind::wait: break;
    }
}

/// The real server's dialog. It tells nobody when it has said all, so it is given `quiet`.
Dialog ask_real(const std::vector<std::string>& command, const Probe& probe, milliseconds quiet) {
    RealServer server{command};
    Wire wire{server.port()};
    server.serve();
    Dialog dialog;
    dialog.answers.push_back(wire.collect(quiet, 10s, 1));
    for (const auto& step : probe.steps) {
        if (!wire.end().empty()) break;
        take_step(wire, step);
        const bool waits = step.kind == Step::Kind::wait;
        dialog.answers.push_back(waits ? wire.collect(step.time, step.time)
                                       : wire.collect(quiet, quiet * 8));
    }
    dialog.end = wire.end();
    return dialog;
}

/// Skep's dialog: each answer is awaited up to the length of the real one's, and a little longer to
/// see what is too much.
Dialog ask_skep(int port, const Probe& probe, const Dialog& real) {
    Wire wire{port};
    Dialog dialog;
    const auto collect = [&](milliseconds longest) {
        const auto at = dialog.answers.size();
        const bool last = at + 1 == real.answers.size() && !real.end.empty();
        const auto enough = at < real.answers.size() ? real.answers[at].size() : 0;
        dialog.answers.push_back(wire.collect(last ? 3000ms : 120ms, longest, enough));
    };
    collect(5s);
    for (const auto& step : probe.steps) {
        if (!wire.end().empty() || dialog.answers.size() >= real.answers.size()) break;
        take_step(wire, step);
        collect(step.kind == Step::Kind::wait ? milliseconds{step.time} + 2s : 3s);
    }
    dialog.end = wire.end();
    return dialog;
}

/// A dialog as one text: what step an answer came after is part of it, except that an answer may be
/// seen one step late, when a `~` follows.
std::string text_of(const Dialog& dialog, const Probe& probe) {
    std::string text;
    for (std::size_t i = 0; i < dialog.answers.size(); ++i) {
        const bool joined = i > 0 && probe.steps[i - 1].kind == Step::Kind::wait;
        if (!joined) text += "\n|";
        text += dialog.answers[i];
    }
    return escape_line(mask(text, !dialog.end.empty())) +
           "\nend: " + (dialog.end.empty() ? "open" : dialog.end);
}

/// `server probe reason` lines.
std::set<std::string> load_differences(const std::string& file, const std::string& server) {
    std::set<std::string> known;
    std::ifstream stream{file};
    std::string line;
    while (std::getline(stream, line)) {
        std::istringstream words{line};
        std::string where, probe;
        words >> where >> probe;
        if (where == server) known.insert(probe);
    }
    return known;
}

persona::Persona persona_of_this_machine(const std::string& server) {
    auto hostname = output_of("hostname");
    hostname.resize(hostname.find('\n'));
    auto persona = server == "busybox" ? router_persona(hostname) : debian_persona(hostname);
    persona.kernel_release = output_of("uname -r");
    persona.kernel_release.resize(persona.kernel_release.find('\n'));
    persona.issue = output_of("cat /etc/issue.net");
    const auto motd = output_of("cat /etc/motd");
    // pam_motd also prints what update-motd.d/10-uname says.
    persona.motd = server == "busybox" ? motd : output_of("uname -snrvm") + motd;
    return persona;
}

class Comparison {
  public:
    Comparison(std::string server, const Machine& machine, std::set<std::string> known)
        : command_{server == "busybox" ? machine.busybox : machine.inetutils},
          known_{std::move(known)}, skep_{persona_of_this_machine(server)} {}

    void compare(const Probe& probe) {
        std::string real, ours;
        for (int attempt = 1; attempt <= attempts; ++attempt) {
            const auto answer = ask_real(command_, probe, 500ms * attempt);
            real = text_of(answer, probe);
            ours = text_of(ask_skep(skep_.port(), probe, answer), probe);
            if (real == ours) break;
        }
        const std::scoped_lock lock{mutex_};
        ++ran_;
        if (real == ours) {
            ++same_;
            if (known_.contains(probe.name))
                std::cout << "note: " << probe.name << " is listed as a difference and is none\n";
            return;
        }
        if (known_.contains(probe.name)) return;
        ++failed_;
        std::cout << "DIFFERS " << probe.name << "\nreal:" << real << "\nskep:" << ours << "\n\n";
    }

    int report(const std::string& server) const {
        std::cout << server << ": " << ran_ << " probes, " << same_ << " equal ("
                  << 100 * same_ / std::max(ran_, 1) << " %), " << failed_
                  << " unexpected differences\n";
        return failed_ == 0 && ran_ > 0 ? 0 : 1;
    }

  private:
    std::vector<std::string> command_;
    std::set<std::string> known_;
    SkepServer skep_;
    std::mutex mutex_;
    int ran_ = 0, same_ = 0, failed_ = 0;
};

int skip(const std::string& why) {
    std::cout << "skipped: " << why << '\n';
    return skipped;
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    const std::string server = argv[1];
    const auto machine = examine_machine();
    if (!machine.missing.empty()) return skip(machine.missing);
    if (server == "busybox" && machine.busybox.empty())
        return skip("busybox has no telnetd: apt-get install busybox-static");
    auto probes = load_probes(argv[2], server);
    const std::set<std::string> only(argv + 4, argv + argc);
    if (!only.empty())
        std::erase_if(probes, [&](const Probe& probe) { return !only.contains(probe.name); });
    const TestUser user;
    Comparison comparison{server, machine, load_differences(argv[3], server)};
    std::atomic<std::size_t> next = 0;
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < threads; ++i)
            workers.emplace_back([&] {
                for (auto at = next++; at < probes.size(); at = next++)
                    comparison.compare(probes[at]);
            });
    }
    return comparison.report(server);
}
