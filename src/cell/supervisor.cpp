#include "cell/supervisor.hpp"

#include "base/wire.hpp"
#include "cell/authorized_keys.hpp"
#include "cell/background.hpp"
#include "cell/birth.hpp"
#include "cell/boot_time.hpp"
#include "cell/memory_watch.hpp"
#include "cell/notifier.hpp"
#include "cell/one_processor.hpp"
#include "cell/program_words.hpp"
#include "cell/state.hpp"
#include "cell/tracee.hpp"
#include "cell/tracer.hpp"
#include "cell/tree.hpp"
#include "process/channel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <deque>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <span>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace skep::cell {
namespace {

using process::Descriptor;
using process::MessageKind;

constexpr int tick_ms = 1000;

std::uint64_t number_of(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// The NUL-terminated words of a packet.
std::vector<std::string> split_words(std::string_view payload) {
    std::vector<std::string> words;
    while (!payload.empty()) {
        const auto end = std::min(payload.find('\0'), payload.size());
        words.emplace_back(payload.substr(0, end));
        payload.remove_prefix(std::min(end + 1, payload.size()));
    }
    return words;
}

class Supervisor {
  public:
    Supervisor(const CellPlan& plan, const ProgramTable& programs, Descriptor broker)
        : plan_{plan}, programs_{programs},
          outlet_{std::move(broker), static_cast<std::size_t>(plan.limits.text_bytes)} {}

    Result<void> start();
    void run();

    int broker() const { return outlet_.socket(); }

  private:
    Result<void> wait_for_init();
    void hear_broker();
    void hear_init();
    void open_session(std::string_view payload);
    void start_next();
    void send_words(const std::vector<std::string>& words);
    void on_started(std::uint64_t request, const process::Message& message);
    void on_ended(std::uint64_t request, std::uint64_t status);
    void hang_up(std::uint64_t request);
    void answer_key(std::string_view payload);
    void signal(std::uint64_t request, int number);
    void fail_session(std::uint64_t request, std::string_view reason);
    void start_daemons();
    void tick();
    int wait_ms();

    CellPlan plan_;
    const ProgramTable& programs_;
    Outlet outlet_;
    CellTree tree_;
    Newborn born_;
    Descriptor children_;
    std::optional<CellView> view_;
    std::optional<Capture> capture_;
    std::optional<CellState> state_;
    std::optional<MemoryWatch> memory_;
    std::optional<Background> background_;
    std::optional<Tracer> tracer_;
    std::optional<Notifier> notifier_;
    std::deque<process::CellRequest> waiting_;
    std::map<std::uint64_t, process::CellRequest> sessions_; ///< Asked for and not ended.
    bool busy_ = false; ///< Process 1 has been asked for a program.
    bool watching_ = false;
    bool announced_ = false;
    bool stop_ = false;
    std::int64_t next_tick_ = 0;
};

Result<void> Supervisor::start() {
    if (::unshare(CLONE_NEWNS) != 0) return fail(Fault::refused, "mount namespace");
    TRY(tree_, build_tree(plan_));
    TRY(born_, give_birth(plan_, tree_));
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &set, nullptr); // NOLINT(concurrency-mt-unsafe): one thread
    children_ = Descriptor{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (auto attached = Tracer::seize(born_.init); !attached) return attached;
    if (::write(born_.release.get(), "g", 1) != 1) return fail(Fault::refused, "pipe");
    return wait_for_init();
}

/// Until the init program is in place of our own code and has run no instruction.
Result<void> Supervisor::wait_for_init() {
    for (;;) {
        int status = 0;
        if (::waitpid(born_.init, &status, __WALL) < 0) {
            if (errno == EINTR) continue;
            return fail(Fault::refused, "process 1 is gone");
        }
        if (!WIFSTOPPED(status)) {
            const auto said = process::receive_now(born_.line.get());
            return fail(Fault::refused, said && said->payload.starts_with('!')
                                            ? said->payload.substr(1)
                                            : "process 1 ended at once");
        }
        if (static_cast<unsigned>(status) >> 16U == PTRACE_EVENT_EXEC) break;
        ::ptrace(PTRACE_CONT, born_.init, nullptr, 0L);
    }
    born_.line.reset();
    born_.release.reset();
    Descriptor root{
        ::open(fmt::format("/proc/{}/root", born_.init).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    const Descriptor names{
        ::open(fmt::format("/proc/{}/ns/uts", born_.init).c_str(), O_RDONLY | O_CLOEXEC)};
    if (!root.valid() || !names.valid() || ::setns(names.get(), CLONE_NEWUTS) != 0)
        return fail(Fault::refused, "process 1 cannot be seen");
    view_.emplace(std::move(root), std::move(tree_.base), std::move(tree_.upper), programs_);
    capture_.emplace(*view_, outlet_, plan_.limits.artifact_bytes);
    state_.emplace(CellState{.plan = plan_,
                             .view = *view_,
                             .outlet = outlet_,
                             .capture = *capture_,
                             .inject = tree_.inject.get(),
                             .init = born_.init,
                             .processes = {plan_.persona, *view_, system_clock().now() / 1000000},
                             .listing = {tree_.inject.get(), view_->root()}});
    memory_.emplace(*state_);
    background_.emplace(*state_);
    tracer_.emplace(*state_);
    return tracer_->adopt();
}

// NOLINTBEGIN(bugprone-unchecked-optional-access): run() comes after start(), which makes all but
// the notifier; that one is told of by its own descriptor.
void Supervisor::run() {
    while (!stop_ && !outlet_.closed()) {
        std::array<pollfd, 4> waits{pollfd{outlet_.socket(), POLLIN, 0},
                                    pollfd{born_.control.get(), POLLIN, 0},
                                    pollfd{children_.get(), POLLIN, 0},
                                    pollfd{notifier_ ? notifier_->descriptor() : -1, POLLIN, 0}};
        if (::poll(waits.data(), waits.size(), wait_ms()) < 0 && errno != EINTR) return;
        if (waits[2].revents != 0) {
            signalfd_siginfo ignored{};
            while (::read(children_.get(), &ignored, sizeof ignored) > 0) {
            }
            if (!tracer_->collect()) return;
        }
        if (waits[3].revents != 0) {
            if ((static_cast<unsigned>(waits[3].revents) & POLLIN) != 0)
                notifier_->handle_one();
            else
                notifier_.reset(); // every process of the cell has ended
        }
        if (waits[1].revents != 0) hear_init();
        if (waits[0].revents != 0) hear_broker();
        tick();
    }
}

int Supervisor::wait_ms() {
    const auto now = monotonic_ms();
    int wait = notifier_ ? notifier_->send_due(now) : -1;
    if (!sessions_.empty() || watching_) {
        const auto left = static_cast<int>(std::max<std::int64_t>(next_tick_ - now, 0));
        wait = wait < 0 ? left : std::min(wait, left);
    }
    const int restart = state_->restart_ms == 0
                            ? -1
                            : static_cast<int>(std::max<std::int64_t>(state_->restart_ms - now, 0));
    for (const auto other : {memory_->wait_ms(now), background_->wait_ms(now), restart})
        if (other >= 0) wait = wait < 0 ? other : std::min(wait, other);
    return wait;
}

void Supervisor::tick() {
    const auto now = monotonic_ms();
    if (state_->restart_ms != 0 && now >= state_->restart_ms) {
        write_boot_time(plan_.id, system_clock().now() / 1000000);
        stop_ = true;
    }
    if (memory_->look(now) || background_->wait_ms(now) == 0) background_->look(now);
    if (now < next_tick_) return;
    next_tick_ = now + tick_ms;
    watching_ = capture_->look(system_clock().now() / 1000000);
    if (!sessions_.empty()) refresh_live_files(*state_);
}

void Supervisor::hear_broker() {
    const auto message = process::receive_now(outlet_.socket());
    if (!message) {
        stop_ = true;
        return;
    }
    WireReader in{message->payload};
    if (message->kind == MessageKind::cell_open) return open_session(message->payload);
    if (message->kind == MessageKind::cell_launch) plan_.id = in.bytes(); // a spare is taken
    if (message->kind == MessageKind::cell_stop) stop_ = true;
    if (message->kind == MessageKind::cell_key) return answer_key(message->payload);
    const auto request = in.u64();
    if (message->kind == MessageKind::cell_close && in.finish()) return hang_up(request);
    if (message->kind != MessageKind::cell_signal) return;
    const auto number = signal_number(in.bytes());
    const auto session = sessions_.find(request);
    if (number == 0 || !in.finish() || session == sessions_.end()) return;
    signal(request, number);
}

void Supervisor::signal(std::uint64_t request, int number) {
    send_words({"signal", std::to_string(request), std::to_string(number)});
}

/// The peer is gone. What has a terminal hears of it, as the kernel would tell it when the last
/// descriptor of the master is closed; what has pipes goes on without us.
void Supervisor::hang_up(std::uint64_t request) {
    const auto session = sessions_.find(request);
    if (session == sessions_.end()) return;
    if (session->second.terminal) return signal(request, SIGHUP);
    on_ended(request, 0);
}

void Supervisor::answer_key(std::string_view payload) {
    const auto asked = process::decode_key_question(payload);
    if (!asked) return;
    process::KeyAnswer answer{.request = asked->request, .verdict = {}};
    const ShownKey key{
        .blob = asked->blob, .src_ip = asked->src_ip, .now = system_clock().now() / 1000000};
    if (view_) answer.verdict = judge_key(*view_, plan_.persona, asked->username, key);
    if (!process::send_now(outlet_.socket(), MessageKind::cell_key_answer, process::encode(answer)))
        stop_ = true;
}

void Supervisor::open_session(std::string_view payload) {
    auto request = process::decode_cell_request(payload);
    if (!request) return;
    if (static_cast<std::int64_t>(sessions_.size()) >= plan_.limits.sessions)
        return fail_session(request->request, "limits.cell_sessions");
    if (!can_start(*request)) return fail_session(request->request, "there is no such program");
    sessions_.emplace(request->request, *request);
    waiting_.push_back(std::move(*request));
    start_next();
}

void Supervisor::start_next() {
    if (busy_ || waiting_.empty() || !notifier_) return;
    const auto request = std::move(waiting_.front());
    waiting_.pop_front();
    busy_ = true;
    state_->starting = request.request;
    state_->peers[request.request] = visit_of(request);
    background_->look(monotonic_ms());
    if (is_upload(request)) capture_->uploads(request.request);
    const auto words = program_words(request, plan_.persona);
    send_words(words);
}

void Supervisor::send_words(const std::vector<std::string>& words) {
    std::string payload;
    for (auto word : words) {
        // A NUL would end the word for the other side.
        std::erase(word, '\0');
        payload += word;
        payload += '\0';
    }
    if (!process::send_now(born_.control.get(), MessageKind::notice, payload)) stop_ = true;
}

void Supervisor::hear_init() {
    auto message = process::receive_now(born_.control.get());
    if (!message) {
        if (message.error().kind() == Fault::closed) stop_ = true;
        return;
    }
    const auto words = split_words(message->payload);
    if (words.size() < 3) return;
    const auto request = number_of(words[1]);
    if (words[0] == "ready" && message->descriptor.valid()) {
        notifier_.emplace(*state_, std::move(message->descriptor));
        start_daemons();
        // The launcher gives a spare away when it has said this.
        if (!process::send_now(outlet_.socket(), MessageKind::ready, {})) stop_ = true;
        return start_next();
    }
    if (words[0] == "ended") return on_ended(request, number_of(words[2]));
    if (words[0] == "started") on_started(request, *message);
    if (words[0] == "failed")
        fail_session(request, fmt::format("the program did not start: error {}", words[2]));
    if (words[0] == "started" || words[0] == "failed") {
        busy_ = false;
        state_->starting = 0;
        start_next();
    }
}

void Supervisor::on_started(std::uint64_t request, const process::Message& message) {
    WireWriter out;
    out.u64(request).bytes(plan_.id);
    event::Event event{tree_.is_new && !announced_ ? "cell.created" : "cell.resumed",
                       system_clock().now()};
    announced_ = true;
    outlet_.send(request, std::move(event));
    const bool pipes = message.more[1].valid();
    state_->name_servers(request, pipes ? -1 : message.descriptor.get());
    const std::array<int, process::descriptors_max> ends{
        message.descriptor.get(), message.more[0].get(), message.more[1].get()};
    if (!process::send_now(outlet_.socket(), MessageKind::cell_opened, std::move(out).take(),
                           std::span{ends}.first(pipes ? ends.size() : 1)))
        stop_ = true;
    next_tick_ = monotonic_ms() + tick_ms;
    // The time of the last use, for a cleaning after a restart.
    ::utimensat(AT_FDCWD, fmt::format("cells/{}/made", plan_.id).c_str(), nullptr, 0);
}

void Supervisor::on_ended(std::uint64_t request, std::uint64_t status) {
    capture_->settle();
    capture_->forget(request);
    state_->peers.erase(request);
    background_->look(monotonic_ms());
    if (sessions_.erase(request) == 0) return;
    const auto exit = process::encode(exit_of(request, static_cast<int>(status)));
    if (!process::send_now(outlet_.socket(), MessageKind::cell_closed, exit)) stop_ = true;
}

void Supervisor::fail_session(std::uint64_t request, std::string_view reason) {
    sessions_.erase(request);
    state_->peers.erase(request);
    capture_->forget(request);
    WireWriter out;
    out.u64(request).bytes(reason);
    if (!process::send_now(outlet_.socket(), MessageKind::cell_failed, std::move(out).take()))
        stop_ = true;
}

/// What the attacker expects to be running and may use: cron runs what is put into its tables.
void Supervisor::start_daemons() {
    if (view_->find({}, "/usr/sbin/cron").regular())
        send_words({"daemon", "/usr/sbin/cron", "/usr/sbin/cron", "-f"});
}

// NOLINTEND(bugprone-unchecked-optional-access)

} // namespace

int run_supervisor(const CellPlan& plan, const ProgramTable& programs, Descriptor broker) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGCHLD, SIG_DFL);
    take_one_processor(plan.slot);
    // Ours alone: the launcher has forked this process for the cell.
    auto& persona = const_cast<persona::Persona&>(plan.persona);
    persona.boot_time = std::max(persona.boot_time, read_boot_time(plan.id));
    Supervisor supervisor{plan, programs, std::move(broker)};
    if (auto started = supervisor.start(); !started) {
        const auto reason = started.error().detail();
        static_cast<void>(process::send_now(supervisor.broker(), MessageKind::notice, reason));
        return 1;
    }
    supervisor.run();
    return 0;
}

} // namespace skep::cell
