#include "service/ssh/relay.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace skep::service::ssh {
namespace {

using namespace std::chrono_literals;

constexpr auto write_within = 60s;
/// sshd 9.2 reads as much of a program's output at once (channels.c, CHAN_RBUF).
constexpr std::size_t print_bytes_max = std::size_t{16} * 1024;
/// Programs wait while so much is on its way to a peer that does not read.
constexpr std::size_t unsent_bytes_max = std::size_t{64} * 1024;

} // namespace

/// One program and what its coroutines share.
struct Relay::Running {
    ChannelId channel;
    net::Wakeup to_feed;  ///< Input, or its end.
    net::Wakeup to_print; ///< There is room.
    net::Wakeup to_print_errors;
    std::unique_ptr<Program> program = nullptr;
    std::string input = {};
    bool input_ended = false;
    bool hung_up = false;
    bool exited = false;
    int printing = 0; ///< Outputs that have not ended.

    void notify_all() {
        to_feed.notify();
        to_print.notify();
        to_print_errors.notify();
    }
};

Relay::Relay(Session& session, Transport& transport, net::TaskSet& tasks)
    : session_{session}, transport_{transport}, tasks_{tasks}, to_write_{tasks.make_wakeup()},
      to_read_{tasks.make_wakeup()}, ended_{tasks.make_wakeup()} {}

Relay::~Relay() = default;

Task<Result<void>> Relay::run(Login login) {
    connection_ = Connection::make(session_, transport_, *this, std::move(login));
    tasks_.spawn(write_to_peer());
    tasks_.spawn(read_peer());
    const auto ended = co_await ended_.wait();
    if (!ended) co_return ended;
    co_return outcome_;
}

void Relay::end(Result<void> outcome) {
    outcome_ = std::move(outcome);
    ended_.notify();
}

/// Lets the connection layer answer all that has come, and sends the answers.
void Relay::settle() {
    while (transport_.ending() == Ending::none && connection_->may_receive()) {
        const auto message = transport_.next();
        if (!message) break;
        connection_->receive(*message);
    }
    if (transport_.ending() == Ending::none) connection_->settle();
    if (!transport_.out.empty() || transport_.ending() != Ending::none) to_write_.notify();
    if (connection_->may_receive()) to_read_.notify();
}

Task<void> Relay::read_peer() {
    settle(); // what came together with the last message of the login
    for (;;) {
        while (!connection_->may_receive()) {
            const auto may = co_await to_read_.wait();
            if (!may) co_return;
        }
        const auto left = (connection_->deadline() - session_.events.now() + 999) / 1000;
        const auto wake_in = std::chrono::milliseconds{std::max<Micros>(left, 0)};
        const auto within = std::min(wake_in, session_.idle_within);
        auto bytes = co_await session_.peer.read_some(transport_.read_bytes_max(), within);
        if (bytes)
            transport_.receive(*bytes);
        else if (bytes.error().kind() == Fault::timed_out && wake_in < session_.idle_within)
            connection_->wake();
        else
            co_return end(std::unexpected{std::move(bytes).error()});
        settle();
    }
}

Task<void> Relay::write_to_peer() {
    for (;;) {
        while (!transport_.out.empty()) {
            const auto bytes = std::exchange(transport_.out, {});
            auto written = co_await session_.peer.write(bytes, write_within);
            if (!written) co_return end(std::move(written));
        }
        if (transport_.ending() != Ending::none) co_return end({});
        for (auto& [channel, running] : running_)
            running->notify_all();
        const auto more = co_await to_write_.wait();
        if (!more) co_return;
    }
}

Relay::Running* Relay::find(ChannelId channel) {
    const auto found = running_.find(channel);
    return found == running_.end() ? nullptr : found->second.get();
}

void Relay::start(ChannelId channel, ProgramRequest request) {
    auto running = std::make_shared<Running>(Running{.channel = channel,
                                                     .to_feed = tasks_.make_wakeup(),
                                                     .to_print = tasks_.make_wakeup(),
                                                     .to_print_errors = tasks_.make_wakeup()});
    running_[channel] = running;
    tasks_.spawn(run_program(std::move(running), std::move(request)));
}

void Relay::input(ChannelId channel, std::string_view bytes) {
    if (auto* running = find(channel)) {
        running->input += bytes;
        running->to_feed.notify();
    }
}

void Relay::end_of_input(ChannelId channel) {
    if (auto* running = find(channel)) {
        running->input_ended = true;
        running->to_feed.notify();
    }
}

void Relay::resize(ChannelId channel, std::uint32_t columns, std::uint32_t rows) {
    auto* running = find(channel);
    if (running != nullptr && running->program != nullptr) running->program->resize(columns, rows);
}

void Relay::signal(ChannelId channel, std::string_view name) {
    auto* running = find(channel);
    if (running != nullptr && running->program != nullptr) running->program->signal(name);
}

void Relay::drain(ChannelId channel) {
    auto* running = find(channel);
    if (running != nullptr && running->program != nullptr) running->program->drain();
}

void Relay::hang_up(ChannelId channel) {
    auto* running = find(channel);
    if (running == nullptr) return;
    running->hung_up = true;
    running->notify_all();
    if (running->program != nullptr) running->program->hang_up();
    if (running->exited) running_.erase(channel);
}

void Relay::may_print(ChannelId channel, bool) {
    if (auto* running = find(channel)) running->notify_all();
}

/// Starts the program, then writes to it what the peer sends.
Task<void> Relay::run_program(Shared running, ProgramRequest request) {
    const bool terminal = request.terminal;
    auto opened = co_await session_.machine.open(std::move(request));
    if (!opened) {
        running_.erase(running->channel);
        connection_->program_started(running->channel, false);
        co_return settle();
    }
    running->program = *std::move(opened);
    if (running->hung_up) running->program->hang_up();
    running->printing = terminal ? 1 : 2;
    tasks_.spawn(await_exit(running));
    tasks_.spawn(print(running, false));
    if (!terminal) tasks_.spawn(print(running, true));
    connection_->program_started(running->channel, true);
    settle();
    const auto fed = co_await feed(*running);
    // Nobody reads its input any more: what comes is taken and dropped, as by sshd, whose channel
    // is closed for input then.
    if (!fed) running->input.clear();
}

Task<Result<void>> Relay::feed(Running& running) {
    for (;;) {
        while (!running.input.empty()) {
            const auto bytes = std::exchange(running.input, {});
            CO_CHECK(co_await running.program->write(bytes));
            if (running.hung_up) co_return fail(Fault::closed);
            connection_->program_took(running.channel, bytes.size());
            settle();
        }
        if (running.input_ended) {
            running.program->end_input();
            co_return Result<void>{};
        }
        CO_CHECK(co_await running.to_feed.wait());
        if (running.hung_up) co_return fail(Fault::closed);
    }
}

bool Relay::has_room(const Running& running) const {
    return connection_->room(running.channel) > 0 && transport_.out.size() <= unsent_bytes_max;
}

Task<void> Relay::print(Shared running, bool errors) {
    auto& program = *running->program;
    auto& wakeup = errors ? running->to_print_errors : running->to_print;
    for (;;) {
        while (!running->hung_up && !has_room(*running)) {
            const auto may = co_await wakeup.wait();
            if (!may) co_return;
        }
        if (running->hung_up) co_return;
        const auto most = std::min(connection_->room(running->channel), print_bytes_max);
        auto reading = errors ? program.read_errors(most) : program.read_output(most);
        auto bytes = co_await std::move(reading);
        if (running->hung_up) co_return;
        if (!bytes) break;
        connection_->program_printed(running->channel, *bytes, errors);
        settle();
    }
    if (--running->printing > 0) co_return;
    connection_->program_output_ended(running->channel);
    settle();
}

Task<void> Relay::await_exit(Shared running) {
    const auto ended = co_await running->program->exited();
    if (!ended && ended.error().kind() == Fault::cancelled) co_return;
    running->exited = true;
    if (find(running->channel) != running.get()) co_return; // its channel's number is another's
    if (running->hung_up) running_.erase(running->channel);
    // A cell that was ended takes its programs along, as the kill of all processes at a shutdown.
    const auto how = ended ? *ended : Exit{.status = 0, .signal = "KILL", .core = false};
    connection_->program_exited(running->channel, how.status, how.signal, how.core);
    settle();
}

} // namespace skep::service::ssh
