// DuckDB behind a few types of ours: values in, values out, errors as values.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace skep::hub::store {

/// One value of a row. Text is UTF-8 and may hold NUL.
using Cell = std::variant<std::monostate, std::int64_t, double, bool, std::string>;
using Row = std::vector<Cell>;

/// What is bound to a `?`. A list stands for `unnest(?)`.
using Parameter =
    std::variant<std::monostate, std::int64_t, bool, std::string, std::vector<std::string>>;

/// The text or number of a cell; empty or 0 for NULL and for another type.
std::string_view text(const Cell& cell) noexcept;
std::int64_t number(const Cell& cell) noexcept;

struct DatabaseOptions {
    std::string path;
    std::string spill_directory; ///< Where a large query spills; made by DuckDB.
    std::uint64_t memory_bytes = 256ULL << 20;
    std::uint64_t spill_bytes = 1ULL << 30;
    std::uint64_t checkpoint_bytes = 64ULL << 20; ///< Size of the WAL at which it is folded in.
    unsigned threads = 2;
};

class Connection;

/// One open file. Outlives its connections.
class Database {
  public:
    /// Opens or makes the file, without any way to the network, to extensions or to other files.
    /// Fault::refused with DuckDB's own words.
    static Result<Database> open(const DatabaseOptions& options);

    Result<Connection> connect() const;

    struct Handle;

  private:
    explicit Database(std::shared_ptr<Handle> handle) : handle_{std::move(handle)} {}

    std::shared_ptr<Handle> handle_; // its connections hold it too, so the order of ends is free
};

/// Writes rows of one table; what was appended becomes part of the connection's transaction.
class Appender {
  public:
    ~Appender();
    Appender(Appender&&) noexcept;
    Appender& operator=(Appender&&) = delete;

    void add(std::string_view text);
    void add(std::int64_t number);
    void add(const Cell& cell);
    void end_row();

    /// Hands everything over. Fault::refused if any of it was wrong.
    Result<void> finish();

  private:
    friend class Connection;
    struct Handle;

    explicit Appender(std::unique_ptr<Handle> handle);

    std::unique_ptr<Handle> handle_;
};

/// Used by one thread, but for `interrupt`.
class Connection {
  public:
    ~Connection();
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) = delete;

    /// Runs one statement with its `?` bound in order. Fault::timed_out if it was interrupted,
    /// Fault::reset if the file is damaged (see `is_damage`), Fault::refused otherwise.
    Result<std::vector<Row>> query(std::string_view sql,
                                   std::span<const Parameter> parameters = {});

    /// The same without rows.
    Result<void> run(std::string_view sql, std::span<const Parameter> parameters = {});

    Result<Appender> append_to(const char* table);

    /// Ends the running statement within about 10 ms. From any thread.
    void interrupt() noexcept;

  private:
    friend class Database;
    struct Handle;

    explicit Connection(std::unique_ptr<Handle> handle);

    std::unique_ptr<Handle> handle_;
};

} // namespace skep::hub::store
