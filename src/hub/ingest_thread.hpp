// The thread that ingests, and how it paces itself.
#pragma once

#include "hub/ingest.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

namespace skep::hub {

struct IngestPace {
    /// At a low rate, the least time between two commits; a backlog is taken without a pause.
    std::chrono::milliseconds commit_every{400};
    /// How often the journal is looked at while nothing comes.
    std::chrono::milliseconds look_every{25};
};

/// Called on the ingest's thread; both hand over to the network's.
struct IngestCalls {
    /// After every step that read something, and once when the journal is in the store.
    std::function<void(IngestStep step, const Ingest& state)> on_step;
    /// The store did not take a batch: the thread has ended.
    std::function<void(Error error)> on_error;
};

/// Runs until it is destroyed.
class IngestThread {
  public:
    IngestThread(Ingest ingest, const IngestPace& pace, IngestCalls calls);

  private:
    std::unique_ptr<Ingest> ingest_;
    IngestPace pace_;
    IngestCalls calls_;
    std::jthread thread_;

    void run(const std::stop_token& stop);
};

} // namespace skep::hub
