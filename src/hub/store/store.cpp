#include "hub/store/store.hpp"

#include "hub/store/repair.hpp"
#include "hub/store/schema.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>

namespace skep::hub::store {
namespace {

namespace fs = std::filesystem;

std::string file_of(const std::string& directory) {
    return (fs::path{directory} / "store.duckdb").string();
}

std::string mark_of(const std::string& directory) {
    return file_of(directory) + ".condemned";
}

DatabaseOptions database_options(const StoreOptions& options) {
    DatabaseOptions database;
    database.path = file_of(options.directory);
    database.spill_directory = (fs::path{options.directory} / "spill").string();
    database.memory_bytes = options.memory_bytes;
    database.spill_bytes = options.spill_bytes;
    return database;
}

/// Keeps one broken store for whoever wants to look, and only one.
void move_aside(const std::string& file) {
    std::error_code ignored;
    fs::rename(file, file + ".broken", ignored);
    fs::remove(file + ".wal.broken", ignored);
    fs::rename(file + ".wal", file + ".wal.broken", ignored);
    fs::remove_all(fs::path{file}.parent_path() / "spill", ignored);
}

Result<void> create(Connection& connection) {
    if (auto begun = connection.run("BEGIN"); !begun) return begun;
    for (const auto statement : create_statements())
        if (auto made = connection.run(statement); !made) return made;
    return connection.run("COMMIT");
}

/// Whether the tables are ours and of this version; makes them in an empty file.
Result<void> check(const Database& database) {
    TRY(auto connection, database.connect());
    TRY(const auto tables,
        connection.query("SELECT count(*) FROM duckdb_tables() WHERE NOT internal"));
    if (number(tables[0][0]) == 0) return create(connection);
    TRY(const auto version,
        connection.query("SELECT value FROM about WHERE name = 'schema_version'"));
    if (version.size() != 1 || number(version[0][0]) != schema_version)
        return fail(Fault::refused, "it is of another version");
    // Reads what the writer starts from; a damaged file shows here.
    return connection.run("SELECT max(seq), max(ts), count(id) FROM events");
}

Result<Database> open_and_check(const DatabaseOptions& options) {
    TRY(auto database, Database::open(options));
    if (auto good = check(database); !good) return std::unexpected{good.error()};
    return database;
}

} // namespace

Result<Store> Store::open(const StoreOptions& options,
                          const std::function<void(std::string_view)>& log) {
    const auto database = database_options(options);
    std::error_code ignored;
    bool condemned = fs::remove(mark_of(options.directory), ignored);
    const bool existed = fs::exists(database.path, ignored);
    if (!condemned) {
        auto opened = open_and_check(database);
        if (!opened && is_torn_log(opened.error().detail())) {
            log(fmt::format("the end of the store's log is torn and is cut off: {}",
                            opened.error().detail()));
            if (cut_torn_log(database.path + ".wal", opened.error().detail()))
                opened = open_and_check(database);
        }
        if (opened) return Store{*std::move(opened), false};
        if (is_surroundings(opened.error().detail())) return std::unexpected{opened.error()};
        log(fmt::format("the store cannot be used: {}", opened.error().detail()));
    }
    if (existed) log("the store is moved aside and made anew from the journal");
    move_aside(database.path);
    TRY(auto fresh, open_and_check(database));
    return Store{std::move(fresh), existed};
}

std::uint64_t Store::bytes(const std::string& directory) {
    std::uint64_t sum = 0;
    for (const auto* suffix : {"", ".wal"}) {
        std::error_code error;
        const auto size = fs::file_size(file_of(directory) + suffix, error);
        if (!error) sum += size;
    }
    return sum;
}

void Store::condemn(const std::string& directory) {
    const std::ofstream mark{mark_of(directory)};
}

} // namespace skep::hub::store
