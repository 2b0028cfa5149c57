#include "process/supervisor.hpp"

#include "base/wire.hpp"
#include "process/recorder_link.hpp"
#include "process/sandbox.hpp"
#include "process/supervisor_status.hpp"
#include "process/workers.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace skep::process {
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr int control_descriptor = 3;
constexpr auto backoff_min = 100ms;
constexpr auto backoff_max = 5000ms;
constexpr std::size_t reports_max = 64; ///< Names that one process may report; more are ignored.

/// Who talks to whom.
constexpr std::pair<std::string_view, std::string_view> links[] = {
    {"sensor", "recorder"}, {"cells", "recorder"}, {"hub", "recorder"}, {"sensor", "cells"}};

/// The order in which processes are stopped: those that make events before the one that keeps them.
struct StopStep {
    std::string_view role;
    std::chrono::milliseconds within;
};

constexpr StopStep stop_steps[] = {
    {"sensor", 1700ms}, {"cells", 1300ms}, {"hub", 700ms}, {"recorder", 900ms}};

struct Process {
    ProcessStatus status;
    std::unique_ptr<Channel> control;
    std::chrono::milliseconds backoff = backoff_min;
    std::chrono::steady_clock::time_point started;
    bool was_ready = false;
};

[[noreturn]] void become(const Process& process, int control, bool ephemeral) {
    // A session of its own: a terminal's ^C reaches the supervisor alone, and the kernel divides a
    // busy machine among the roles, not among their threads (autogroups, sched(7)).
    ::setsid();
    if (control == control_descriptor)
        ::fcntl(control, F_SETFD, 0);
    else
        ::dup2(control, control_descriptor);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    std::string title = "skep-" + process.status.role;
    std::string word = "role";
    std::string role = process.status.role;
    std::string flag = "--ephemeral";
    char* arguments[] = {title.data(), word.data(), role.data(), ephemeral ? flag.data() : nullptr,
                         nullptr};
    ::execv("/proc/self/exe", arguments);
    ::_exit(127);
}

} // namespace

class Supervisor {
  public:
    explicit Supervisor(SupervisorOptions options)
        : options_{std::move(options)},
          recorder_{io_, static_cast<std::size_t>(options_.settings.limit("events_unacknowledged")),
                    static_cast<std::size_t>(options_.settings.limit("event_text_bytes"))} {
        add("recorder");
        if (options_.settings.text("cell.level") != "low") add("cells");
        for (std::size_t i = 0; i < sensor_workers(options_.settings); ++i)
            add("sensor");
        if (options_.settings.flag("hub.enabled")) add("hub");
    }

    int run() {
        end_.async_wait([this](const boost::system::error_code& error, int) {
            if (!error) stop();
        });
        wait_for_children();
        for (auto& process : processes_)
            spawn(*process);
        record("skep.started", "supervisor", "");
        tick();
        io_.run();
        return failed_ ? 1 : 0;
    }

  private:
    void add(std::string role) {
        auto process = std::make_unique<Process>();
        process->status.role = std::move(role);
        processes_.push_back(std::move(process));
    }

    void spawn(Process& process) {
        auto pair = make_channel_pair();
        if (!pair) return retry(process);
        const pid_t pid = ::fork();
        if (pid == 0) become(process, pair->second.get(), options_.ephemeral);
        if (pid < 0) return retry(process);
        process.status.pid = pid;
        process.status.ready = false;
        process.status.since = iso8601(system_clock().now());
        process.status.reports.clear();
        process.status.notices.clear();
        process.started = std::chrono::steady_clock::now();
        process.control = std::make_unique<Channel>(io_, std::move(pair->first));
        process.control->listen(
            [this, &process](const Message& message) { handle(process, message); },
            [] {}); // SIGCHLD says the rest
        hand_listeners(process);
        connect(process);
    }

    void retry(Process& process) {
        auto timer = std::make_shared<asio::steady_timer>(io_, process.backoff);
        timer->async_wait([this, &process, timer](const boost::system::error_code& error) {
            if (!error && !stopping_) spawn(process);
        });
        process.backoff = std::min(process.backoff * 2, std::chrono::milliseconds{backoff_max});
    }

    void hand_listeners(Process& process) const {
        const auto& role = process.status.role;
        for (const auto& entry : options_.listeners) {
            if ((entry.kind == "hub") != (role == "hub") || (role != "hub" && role != "sensor"))
                continue;
            WireWriter out;
            out.bytes(entry.service).bytes(entry.address);
            process.control->send(MessageKind::listener, std::move(out).take(),
                                  entry.socket.duplicate());
        }
    }

    /// Gives `process` and each of its partners the two ends of a new connection.
    void connect(Process& process) {
        for (const auto& [left, right] : links) {
            if (process.status.role != left && process.status.role != right) continue;
            const auto other_role = process.status.role == left ? right : left;
            for (auto& other : processes_)
                if (other->status.role == other_role && other->control != nullptr)
                    connect(process, *other);
        }
        if (process.status.role != "recorder") return;
        if (auto pair = make_channel_pair()) {
            introduce(process, "supervisor", std::move(pair->first));
            recorder_.attach(std::move(pair->second));
        }
    }

    static void connect(Process& left, Process& right) {
        auto pair = make_channel_pair();
        if (!pair) return;
        introduce(left, right.status.role, std::move(pair->first));
        introduce(right, left.status.role, std::move(pair->second));
    }

    static void introduce(Process& process, std::string_view name, Descriptor socket) {
        WireWriter out;
        out.bytes(name);
        process.control->send(MessageKind::peer, std::move(out).take(), std::move(socket));
    }

    void handle(Process& process, const Message& message) {
        WireReader fields{message.payload};
        if (message.kind == MessageKind::ready) {
            became_ready(process);
        } else if (message.kind == MessageKind::report) {
            auto name = fields.bytes();
            const auto value = fields.u64();
            auto& reports = process.status.reports;
            if (fields.finish() && (reports.contains(name) || reports.size() < reports_max))
                reports[name] = value;
        } else if (message.kind == MessageKind::notice) {
            auto name = fields.bytes();
            auto text = fields.bytes();
            auto& notices = process.status.notices;
            if (fields.finish() && text.size() <= notice_bytes_max &&
                (notices.contains(name) || notices.size() < reports_max))
                notices[name] = std::move(text);
        }
    }

    void became_ready(Process& process) {
        process.status.ready = true;
        process.was_ready = true;
        record("skep.started", process.status.role, "");
        if (announced_ ||
            !std::ranges::all_of(processes_, [](const auto& entry) { return entry->status.ready; }))
            return;
        announced_ = true;
        write();
        if (options_.on_ready) options_.on_ready(options_.listeners);
    }

    void wait_for_children() {
        children_.async_wait([this](const boost::system::error_code& error, int) {
            if (error) return;
            int status = 0;
            while (const pid_t pid = ::waitpid(-1, &status, WNOHANG)) {
                if (pid < 0) break;
                ended(pid, status);
            }
            wait_for_children();
        });
    }

    void ended(pid_t pid, int status) {
        const auto found =
            std::ranges::find(processes_, pid, [](const auto& entry) { return entry->status.pid; });
        if (found == processes_.end()) return;
        auto& process = **found;
        const auto why = WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                             : fmt::format("status {}", WEXITSTATUS(status));
        process.control.reset();
        process.status.pid = -1;
        process.status.ready = false;
        record("skep.stopped", process.status.role, why);
        if (stopping_) return stopped_one();
        if (!process.was_ready && !announced_) {
            fmt::print(stderr, "error supervisor: {} could not start ({})\n", process.status.role,
                       why);
            failed_ = true;
            return stop();
        }
        fmt::print(stderr, "warning supervisor: {} ended ({}), starting it again\n",
                   process.status.role, why);
        if (std::chrono::steady_clock::now() - process.started > backoff_max)
            process.backoff = backoff_min;
        ++process.status.restarts;
        retry(process);
    }

    void stop() {
        if (stopping_) return;
        stopping_ = true;
        ticking_.cancel();
        record("skep.stopped", "supervisor", failed_ ? "start failed" : "asked to");
        next_step();
    }

    bool lives(std::string_view role) const {
        return std::ranges::any_of(processes_, [&](const auto& entry) {
            return entry->status.role == role && entry->status.pid > 0;
        });
    }

    /// Stops the processes of the next role that still lives; at the end leaves the loop.
    void next_step() {
        while (step_ < std::size(stop_steps) && !lives(stop_steps[step_].role))
            ++step_;
        if (step_ == std::size(stop_steps)) return finish();
        for (auto& process : processes_)
            if (process->status.role == stop_steps[step_].role && process->control != nullptr)
                process->control->send(MessageKind::stop, {});
        stop_timer_.expires_after(stop_steps[step_].within);
        stop_timer_.async_wait([this](const boost::system::error_code& error) {
            if (error) return;
            for (const auto& process : processes_)
                if (process->status.role == stop_steps[step_].role && process->status.pid > 0)
                    ::kill(process->status.pid, SIGKILL);
        });
    }

    void stopped_one() {
        if (lives(stop_steps[step_].role)) return;
        stop_timer_.cancel();
        next_step();
    }

    void finish() {
        write();
        children_.cancel();
        end_.cancel();
        io_.stop();
    }

    void tick() {
        write();
        ticking_.expires_after(1s);
        ticking_.async_wait([this](const boost::system::error_code& error) {
            if (!error) tick();
        });
    }

    void write() {
        std::vector<ProcessStatus> rows;
        rows.reserve(processes_.size());
        for (const auto& process : processes_)
            rows.push_back(process->status);
        auto text = status_json(options_.listeners, rows, started_);
        if (text == written_) return;
        if (write_status(text)) written_ = std::move(text);
    }

    void record(std::string_view eventid, std::string_view role, std::string_view reason) {
        event::Event event{eventid, system_clock().now()};
        event.text("role", role);
        if (!reason.empty()) event.text("reason", reason);
        recorder_.record(std::move(event));
    }

    SupervisorOptions options_;
    asio::io_context io_{1};
    RecorderLink recorder_;
    std::vector<std::unique_ptr<Process>> processes_;
    asio::signal_set children_{io_, SIGCHLD};
    asio::signal_set end_{io_, SIGTERM, SIGINT};
    asio::steady_timer ticking_{io_};
    asio::steady_timer stop_timer_{io_};
    std::string started_ = iso8601(system_clock().now());
    std::string written_;
    std::size_t step_ = 0;
    bool announced_ = false;
    bool stopping_ = false;
    bool failed_ = false;
};

int supervise(SupervisorOptions options) {
    Supervisor supervisor{std::move(options)};
    if (auto dropped = drop_privileges(Keep::namespaces); !dropped) {
        fmt::print(stderr, "error supervisor: {}\n", dropped.error().detail());
        return 1;
    }
    if (auto calls = restrict_calls(Profile::supervisor); !calls) {
        fmt::print(stderr, "error supervisor: {}\n", calls.error().detail());
        return 1;
    }
    return supervisor.run();
}

} // namespace skep::process
