// Answers the system calls that the filter sends to the cell's supervisor.
#pragma once

#include "cell/state.hpp"
#include "process/descriptor.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>

struct seccomp_notif;

namespace skep::cell {

/// One call that waits for its answer.
struct Request {
    std::uint64_t id = 0;
    pid_t pid = 0;
    int call = 0;
    std::array<std::uint64_t, 6> args{};
};

/// What a waiting call gets.
struct Answer {
    enum class Kind : unsigned char { go_on, error, value, descriptor } kind = Kind::go_on;
    std::int64_t number = 0;        ///< errno, or the call's result.
    process::Descriptor descriptor; ///< Put into the process; the call returns its number there.
    bool close_on_exec = false;
    std::int64_t delay_ms = 0; ///< How long the call takes.

    static Answer error(int number) { return {Kind::error, number, {}, false, 0}; }

    static Answer value(std::int64_t number) { return {Kind::value, number, {}, false, 0}; }
};

class Notifier {
  public:
    Notifier(CellState& state, process::Descriptor listener);

    int descriptor() const { return listener_.get(); }

    /// Takes and answers one waiting call.
    void handle_one();

    /// Sends the delayed answers whose time has come; milliseconds until the next, -1 if there is
    /// none.
    int send_due(std::int64_t now_ms);

  private:
    void reply(const Request& request, Answer answer);
    Answer decide(const Request& request);

    struct Late {
        Request request;
        Answer answer;
    };

    CellState& state_;
    process::Descriptor listener_;
    std::multimap<std::int64_t, Late> late_;
    std::unique_ptr<seccomp_notif, void (*)(void*)> buffer_;
};

/// A handler of one system call.
using Handler = Answer (*)(CellState&, const Request&);

// answers_system.cpp
Answer answer_uname(CellState& state, const Request& request);
Answer answer_sysinfo(CellState& state, const Request& request);
Answer answer_affinity(CellState& state, const Request& request);
Answer answer_limit(CellState& state, const Request& request);
Answer answer_mmap(CellState& state, const Request& request);
Answer answer_connect(CellState& state, const Request& request);

// answers_files.cpp
Answer answer_open(CellState& state, const Request& request);
Answer answer_statfs(CellState& state, const Request& request);
Answer answer_unlink(CellState& state, const Request& request);
Answer answer_rename(CellState& state, const Request& request);
Answer answer_truncate(CellState& state, const Request& request);
Answer answer_mkdir(CellState& state, const Request& request);

// answers_status.cpp
Answer answer_stat(CellState& state, const Request& request);

// answers_processes.cpp
Answer answer_readlink(CellState& state, const Request& request);
Answer answer_kill(CellState& state, const Request& request);

/// Measures the upper layer if that was not done in the last seconds.
void measure_usage(CellState& state);

/// Writes the present content of every live fabricated file again.
void refresh_live_files(CellState& state);

} // namespace skep::cell
