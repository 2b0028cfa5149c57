// What the hub's tests share: a directory of their own, and events with known answers.
#pragma once

#include "base/bytes.hpp"
#include "base/crypto/random.hpp"
#include "event/event.hpp"
#include "hub/store/store.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace skep::hub::testing {

/// A directory that is gone at the end of the test.
class Scratch {
  public:
    Scratch()
        : path_{std::filesystem::temp_directory_path() /
                ("skep-hub-" + hex(crypto::random_bytes(8)))} {
        std::filesystem::create_directories(path_);
    }

    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    std::string path(std::string_view below = {}) const { return (path_ / below).string(); }

  private:
    std::filesystem::path path_;
};

template <class T> T must(Result<T> result) {
    if (!result) FAIL(result.error().detail());
    return *std::move(result);
}

inline void must(const Result<void>& result) {
    if (!result) FAIL(result.error().detail());
}

inline store::Store open_store(const Scratch& scratch, std::vector<std::string>* said = nullptr) {
    return must(store::Store::open({.directory = scratch.path()}, [said](std::string_view words) {
        if (said != nullptr) said->emplace_back(words);
    }));
}

inline std::vector<store::Record> to_records(const std::vector<event::Event>& events) {
    std::vector<store::Record> records;
    records.reserve(events.size());
    for (const auto& event : events)
        records.push_back(store::to_record(event));
    return records;
}

/// Puts events into the store as the part `journal`; returns how many were new.
inline std::size_t put(store::Writer& writer, const std::vector<event::Event>& events) {
    auto records = to_records(events);
    auto progress = writer.progress()["journal"];
    return must(writer.add(records, "journal", progress));
}

} // namespace skep::hub::testing
