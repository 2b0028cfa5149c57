#include "hub/ingest_thread.hpp"

#include <condition_variable>
#include <mutex>

namespace skep::hub {
namespace {

/// Returns early when the thread shall end.
void rest(const std::stop_token& stop, std::chrono::milliseconds time) {
    std::mutex lock;
    std::condition_variable_any stopped;
    std::unique_lock held{lock};
    stopped.wait_for(held, stop, time, [] { return false; });
}

} // namespace

IngestThread::IngestThread(Ingest ingest, const IngestPace& pace, IngestCalls calls)
    : ingest_{std::make_unique<Ingest>(std::move(ingest))}, pace_{pace}, calls_{std::move(calls)},
      thread_{[this](const std::stop_token& stop) { run(stop); }} {}

void IngestThread::run(const std::stop_token& stop) {
    using Steady = std::chrono::steady_clock;
    bool told_caught_up = false;
    while (!stop.stop_requested()) {
        const auto begun = Steady::now();
        auto step = ingest_->step();
        if (!step) return calls_.on_error(std::move(step).error());
        // A full batch means that there is more: go on at once.
        constexpr std::size_t a_backlog = 1000;
        const bool backlog = step->lines >= a_backlog;
        const bool nothing = step->lines == 0;
        if (!nothing || !told_caught_up) calls_.on_step(*std::move(step), *ingest_);
        told_caught_up = nothing;
        if (backlog) continue;
        const auto passed =
            std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begun);
        if (!nothing) rest(stop, pace_.commit_every - std::min(passed, pace_.commit_every));
        while (!stop.stop_requested() && !ingest_->anything_new())
            rest(stop, pace_.look_every);
    }
}

} // namespace skep::hub
