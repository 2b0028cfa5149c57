// The store: a DuckDB file that can always be made again from the journal.
#pragma once

#include "hub/store/duck.hpp"
#include "hub/store/record.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

namespace skep::hub::store {

/// How far one part of the journal is in the store. The sensor's journal is one part, each imported
/// file another.
struct Progress {
    std::string segment;
    std::int64_t position = 0; ///< Bytes of the segment's plain content.
    std::int64_t lines = 0;    ///< Events read so far.
    std::int64_t added = 0;    ///< Those that were new.
    bool complete = false;     ///< An imported file has been read to its end.

    bool operator==(const Progress&) const = default;
};

struct StoreOptions {
    std::string directory; ///< The state directory's `hub/`.
    std::uint64_t memory_bytes = 256ULL << 20;
    std::uint64_t spill_bytes = 1ULL << 30;
};

/// Which events came last. Sensors and cells tell of the same moment in different order, so most
/// batches reach back behind the newest event: asking the store for each would read its last rows.
class RecentIds {
  public:
    /// All events in the store that are not remembered are at most this old.
    Micros horizon = INT64_MIN;

    bool contains(const std::string& id) const { return ids_.contains(id); }

    void add(const std::string& id, Micros time);

  private:
    std::unordered_set<std::string> ids_;
    std::deque<std::pair<Micros, const std::string*>> order_; ///< Into `ids_`, oldest first.
};

/// The single writer. Used by one thread.
class Writer {
  public:
    static Result<Writer> make(Connection connection);

    /// Adds what is not there yet, together with the part's progress, in one transaction on disk.
    /// `progress.lines` and `.added` are set by this call. `seq` of each added record is set.
    ///
    /// Returns how many were added. After an error nothing of it is in the store.
    Result<std::size_t> add(std::span<Record> records, const std::string& part, Progress& progress);

    std::map<std::string, Progress> progress();

    std::int64_t last_seq() const noexcept { return seq_; }

  private:
    explicit Writer(Connection connection) : connection_{std::move(connection)} {}

    Result<void> mark_new(std::span<Record> records);
    Result<void> append(std::span<Record> records);
    Result<void> save(const std::string& part, const Progress& progress);

    Connection connection_;
    std::int64_t seq_ = 0; ///< Highest in the store.
    RecentIds recent_;
};

class Store {
  public:
    /// Opens or makes `directory/store.duckdb`.
    ///
    /// A torn end of DuckDB's log is cut off (the journal still has those events). A store that
    /// cannot be read, is of another version, or was marked by `condemn` is moved aside as
    /// `store.duckdb.broken` and an empty one made. Fault::refused if another process has it, or if
    /// the machine does not let us.
    /// `log` gets a sentence for each such step.
    static Result<Store> open(const StoreOptions& options,
                              const std::function<void(std::string_view)>& log);

    Result<Connection> connect() const { return database_.connect(); }

    /// Whether it was made anew by this `open`, from what was there before.
    bool rebuilt() const noexcept { return rebuilt_; }

    /// Bytes on disk, log included.
    static std::uint64_t bytes(const std::string& directory);

    /// Leaves a mark so that the next `open` starts with an empty store: its file is damaged.
    static void condemn(const std::string& directory);

  private:
    Store(Database database, bool rebuilt) : database_{std::move(database)}, rebuilt_{rebuilt} {}

    Database database_;
    bool rebuilt_;
};

} // namespace skep::hub::store
