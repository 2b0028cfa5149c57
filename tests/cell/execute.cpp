// Programs on pipes, for tests.
#include "base/wire.hpp"
#include "cell/harness.hpp"
#include "process/channel.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace skep::cell::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t output_bytes_max = 4'194'304;

/// False at the end.
bool take_some(process::Descriptor& from, std::string& into) {
    static std::string part(65536, '\0');
    const auto count = ::read(from.get(), part.data(), part.size());
    if (count > 0)
        into.append(part, 0,
                    std::min(static_cast<std::size_t>(count), output_bytes_max - into.size()));
    else
        from.reset();
    return count > 0;
}

} // namespace

void TestCell::tell(process::MessageKind kind, const std::string& name) {
    WireWriter out;
    out.u64(request_);
    if (!name.empty()) out.bytes(name);
    static_cast<void>(process::send_now(supervisor_.get(), kind, std::move(out).take()));
}

bool TestCell::holds_key(const std::string& user, const std::string& blob) {
    return judge_key(user, blob).held;
}

KeyVerdict TestCell::judge_key(const std::string& user, const std::string& blob) {
    held_.reset();
    process::KeyQuestion question;
    question.username = user;
    question.blob = blob;
    question.src_ip = "192.0.2.7";
    static_cast<void>(process::send_now(supervisor_.get(), process::MessageKind::cell_key,
                                        process::encode(question)));
    await([&] { return held_.has_value(); });
    return held_.value_or(KeyVerdict{});
}

/// One turn of what goes in and out; false when nothing more comes out.
bool TestCell::exchange(std::string_view& input, Outcome& outcome) {
    if (input.empty() && (!holds_input_ || !outcome.output.empty())) terminal_.reset();
    std::array<pollfd, 4> waits{pollfd{input.empty() ? -1 : terminal_.get(), POLLOUT, 0},
                                pollfd{outputs_[0].get(), POLLIN, 0},
                                pollfd{outputs_[1].get(), POLLIN, 0},
                                pollfd{supervisor_.get(), POLLIN, 0}};
    if (!outputs_[0].valid() && !outputs_[1].valid()) return false;
    const auto left = static_cast<int>(
        std::chrono::duration_cast<std::chrono::milliseconds>(end_ - Clock::now()).count());
    if (left <= 0) return false;
    if (::poll(waits.data(), waits.size(), left) <= 0) return false;
    if (waits[0].revents != 0) {
        const auto count = ::write(terminal_.get(), input.data(), input.size());
        if (count > 0)
            input.remove_prefix(static_cast<std::size_t>(count));
        else if (errno != EAGAIN)
            input = {}; // nobody reads it
    }
    if (waits[1].revents != 0) take_some(outputs_[0], outcome.output);
    if (waits[2].revents != 0) take_some(outputs_[1], outcome.errors);
    if (waits[3].revents != 0)
        if (auto message = process::receive_now(supervisor_.get())) take(std::move(*message));
    return true;
}

Outcome TestCell::execute(process::CellRequest request,
                          const std::string& input,
                          const std::string& signal) {
    ::signal(SIGPIPE, SIG_IGN);
    Outcome outcome;
    request.protocol = "ssh";
    request.terminal = false;
    if (request.username.empty()) request.username = "root";
    holds_input_ = request.kind == process::CellRequest::Kind::subsystem;
    outcome.failure = start(std::move(request));
    if (!outcome.failure.empty()) return outcome;
    std::string_view rest{input};
    bool signalled = signal.empty();
    end_ = Clock::now() + patience;
    while (exchange(rest, outcome)) {
        if (signalled || outcome.output.empty()) continue;
        tell(process::MessageKind::cell_signal, signal);
        signalled = true;
    }
    const bool silent = !outputs_[0].valid() && !outputs_[1].valid();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end_ - Clock::now());
    await([&] { return closed; }, std::max(left, std::chrono::milliseconds{100}));
    outcome.ended = closed && silent;
    for (auto& output : outputs_)
        output.reset();
    outcome.exit = exit;
    return outcome;
}

Outcome TestCell::execute(const std::string& command, const std::string& input) {
    process::CellRequest request;
    request.kind = process::CellRequest::Kind::command;
    request.command = command;
    return execute(std::move(request), input);
}

} // namespace skep::cell::test
