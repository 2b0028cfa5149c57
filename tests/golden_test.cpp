// Plays each transcript of tests/golden/SERVICE/NAME.txt, and then again with the 1st, 2nd, ...
// call of its stream failing (SQLite's anomaly loop).
//
//   ! persona NAME   debian (default) or router      ! password TEXT   what is accepted (secret)
//   ! shell refused  no shell can be had
//   > bytes from the peer, one packet a line         < bytes to the peer; urgent ones as \!
//   = events         ~ 5s  time passes               # anything
// Escapes: \r \n \t \\ \xNN. `golden_test DIR --accept` rewrites the transcripts.
#include "base/bytes.hpp"
#include "net/scripted_stream.hpp"
#include "service/service.hpp"
#include "support/session_fakes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace skep;
using namespace std::chrono_literals;
using Moment = net::ScriptedStream::Moment;

namespace {

struct Script {
    std::string head; ///< Comments and settings, kept as they are.
    std::string body;
    std::vector<std::string> steps; ///< The lines that begin with > or ~.
    std::string persona = "debian", password = "secret";
    bool refused = false;
};

std::string unescape(std::string_view text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            bytes += text[i];
            continue;
        }
        const char kind = text[++i];
        if (kind == 'x' && i + 2 < text.size() + 0) {
            bytes += static_cast<char>(std::stoi(std::string{text.substr(i + 1, 2)}, nullptr, 16));
            i += 2;
        } else {
            bytes += kind == 'r' ? '\r' : kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
        }
    }
    return bytes;
}

Script parse(const std::filesystem::path& path) {
    Script script;
    std::ifstream file{path};
    std::string line;
    while (std::getline(file, line)) {
        const bool head = line.empty() || line[0] == '#' || line[0] == '!';
        (head ? script.head : script.body) += line + '\n';
        if (line.starts_with("> ") || line.starts_with("~ ")) script.steps.push_back(line);
        std::istringstream words{line};
        std::string mark, key, value;
        words >> mark >> key >> value;
        if (mark != "!") continue;
        if (key == "persona") script.persona = value;
        if (key == "password") script.password = value;
        if (key == "shell") script.refused = value == "refused";
    }
    return script;
}

/// Writes down what happens in the form of a transcript.
class Writer {
  public:
    void moment(Moment moment, std::string_view bytes, std::chrono::milliseconds time) {
        if (moment == Moment::written)
            pending_ += escape_line(bytes);
        else if (moment == Moment::urgent)
            pending_ += "\\!" + escape_line(bytes);
        else
            flush();
        if (moment == Moment::sent_by_peer) text_ += "> " + escape_line(bytes) + '\n';
        if (moment == Moment::time_passed) text_ += "~ " + std::to_string(time / 1s) + "s\n";
    }

    void event(const event::Event& event) {
        flush();
        text_ += "= " + event.eventid();
        for (const auto& [name, value] : event.values()) {
            text_ += ' ' + name + '=';
            if (const auto* bytes = std::get_if<std::string>(&value))
                text_ += escape_line(*bytes);
            else
                text_ += std::to_string(event.number_of(name));
        }
        text_ += '\n';
    }

    void end(const Result<void>& outcome) {
        flush();
        text_ += outcome ? "end: closed by the server\n"
                         : "end: " + std::string{name(outcome.error().kind())} + '\n';
    }

    const std::string& text() const { return text_; }

  private:
    /// One line of the transcript for each line of output.
    void flush() {
        std::string_view rest = pending_;
        while (!rest.empty()) {
            const auto end = rest.find("\\n");
            const auto line = rest.substr(0, end == std::string_view::npos ? end : end + 2);
            text_ += "< " + std::string{line} + '\n';
            rest.remove_prefix(line.size());
        }
        pending_.clear();
    }

    std::string text_, pending_;
};

struct Run {
    std::string transcript;
    std::size_t calls = 0;
    Result<void> outcome;
};

Run play(const service::Service& service, const Script& script, std::size_t fail_at, Fault fault) {
    net::ScriptedStream stream;
    for (const auto& step : script.steps) {
        if (step[0] == '>')
            stream.peer_sends(unescape(step.substr(2)));
        else
            stream.time_passes(std::chrono::seconds{std::stoi(step.substr(2))});
    }
    if (fail_at != 0) stream.fail_call(fail_at, fault);
    Writer writer;
    stream.watch([&](Moment moment, std::string_view bytes, std::chrono::milliseconds time) {
        writer.moment(moment, bytes, time);
    });
    tests::FakeEvents events{stream, [&](const event::Event& event) { writer.event(event); }};
    tests::FakeAuthenticator auth{events, script.password};
    tests::FakeMachine machine{script.refused};
    const auto persona =
        script.persona == "router" ? tests::router_persona("gw") : tests::debian_persona("web01");
    service::Session session{stream, events,      auth, machine, persona, "192.0.2.1",
                             4711,   "192.0.2.2", 23,   60s,     1800s};
    boost::asio::io_context io;
    Run run;
    boost::asio::co_spawn(io, service.serve(session),
                          [&](const std::exception_ptr& thrown, Result<void> result) {
                              if (thrown) std::rethrow_exception(thrown);
                              run.outcome = std::move(result);
                          });
    io.run();
    writer.end(run.outcome);
    run.transcript = writer.text();
    run.calls = stream.calls();
    return run;
}

struct Totals {
    int ran = 0, failed = 0;
};

/// A session whose stream breaks ends with that fault, whatever call it hits.
void break_each_call(const service::Service& service,
                     const Script& script,
                     std::size_t calls,
                     const std::string& path,
                     Totals& totals) {
    for (const auto fault : {Fault::reset, Fault::timed_out, Fault::closed}) {
        for (std::size_t n = 1; n <= calls; ++n) {
            const auto broken = play(service, script, n, fault);
            ++totals.ran;
            // A read that times out may be a deadline of the dialog's own: then it only has to end.
            const bool ended_so = !broken.outcome && broken.outcome.error().kind() == fault;
            if (ended_so || fault == Fault::timed_out) continue;
            ++totals.failed;
            std::cout << "FAIL " << path << ": call " << n << " failed with " << name(fault)
                      << ", the session did not\n";
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    const bool accept = argc > 2 && std::string_view{argv[2]} == "--accept";
    Totals totals;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{argv[1]}) {
        if (entry.path().extension() != ".txt") continue;
        const auto path = entry.path().string();
        const auto* service = service::find(entry.path().parent_path().filename().string());
        const auto script = parse(entry.path());
        const auto run = play(*service, script, 0, Fault::reset);
        ++totals.ran;
        if (accept) {
            std::ofstream{entry.path()} << script.head << run.transcript;
        } else if (run.transcript != script.body) {
            ++totals.failed;
            std::cout << "FAIL " << path << "\nwant:\n"
                      << script.body << "got:\n"
                      << run.transcript;
        }
        break_each_call(*service, script, run.calls, path, totals);
    }
    std::cout << totals.ran << " ran, " << totals.failed << " failed\n";
    return totals.failed != 0 || totals.ran == 0;
}
