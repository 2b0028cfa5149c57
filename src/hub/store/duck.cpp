#include "hub/store/duck.hpp"

#include <duckdb.h>
#include <fmt/format.h>

#include <array>
#include <unordered_map>

namespace skep::hub::store {

struct Database::Handle {
    duckdb_database database = nullptr;

    Handle() = default;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    ~Handle() { duckdb_close(&database); }
};

struct Connection::Handle {
    std::shared_ptr<Database::Handle> database;
    duckdb_connection connection = nullptr;
    std::unordered_map<std::string, duckdb_prepared_statement> statements;

    Handle() = default;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    ~Handle() {
        for (auto& [sql, statement] : statements)
            duckdb_destroy_prepare(&statement);
        if (connection != nullptr) duckdb_disconnect(&connection);
    }
};

struct Appender::Handle {
    duckdb_appender appender = nullptr;
    bool good = true;

    Handle() = default;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    ~Handle() { duckdb_appender_destroy(&appender); }
};

namespace {

/// Statements that a connection keeps prepared: the panels' and the ingest's together are fewer.
constexpr std::size_t prepared_max = 64;

struct ResultHandle {
    duckdb_result result{};

    ResultHandle() = default;
    ResultHandle(const ResultHandle&) = delete;
    ResultHandle& operator=(const ResultHandle&) = delete;

    ~ResultHandle() { duckdb_destroy_result(&result); }
};

struct Config {
    duckdb_config config = nullptr;
    std::string wrong;

    Config() {
        if (duckdb_create_config(&config) == DuckDBError) wrong = "no configuration";
    }

    Config(const Config&) = delete;
    Config& operator=(const Config&) = delete;

    ~Config() { duckdb_destroy_config(&config); }

    void set(const char* name, const std::string& value) {
        if (wrong.empty() && duckdb_set_config(config, name, value.c_str()) == DuckDBError)
            wrong = fmt::format("DuckDB has no {}={}", name, value);
    }
};

Fault fault_of(duckdb_error_type type) {
    switch (type) {
    case DUCKDB_ERROR_INTERRUPT: return Fault::timed_out;
    case DUCKDB_ERROR_OUT_OF_MEMORY: return Fault::over_limit;
    // What a damaged block looks like; after FATAL the database answers nothing more.
    case DUCKDB_ERROR_IO:
    case DUCKDB_ERROR_FATAL:
    case DUCKDB_ERROR_INTERNAL:
    case DUCKDB_ERROR_SERIALIZATION: return Fault::reset;
    default: return Fault::refused;
    }
}

duckdb_value make_list(const std::vector<std::string>& entries) {
    std::vector<duckdb_value> values;
    values.reserve(entries.size());
    for (const auto& entry : entries)
        values.push_back(duckdb_create_varchar_length(entry.data(), entry.size()));
    duckdb_logical_type type = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    duckdb_value list = duckdb_create_list_value(type, values.data(), values.size());
    duckdb_destroy_logical_type(&type);
    for (auto& value : values)
        duckdb_destroy_value(&value);
    return list;
}

duckdb_state bind(duckdb_prepared_statement statement, idx_t index, const Parameter& parameter) {
    if (const auto* value = std::get_if<std::int64_t>(&parameter))
        return duckdb_bind_int64(statement, index, *value);
    if (const auto* flag = std::get_if<bool>(&parameter))
        return duckdb_bind_boolean(statement, index, *flag);
    if (const auto* words = std::get_if<std::string>(&parameter))
        return duckdb_bind_varchar_length(statement, index, words->data(), words->size());
    if (const auto* list = std::get_if<std::vector<std::string>>(&parameter)) {
        duckdb_value value = make_list(*list);
        const auto state = duckdb_bind_value(statement, index, value);
        duckdb_destroy_value(&value);
        return state;
    }
    return duckdb_bind_null(statement, index);
}

Cell cell_at(duckdb_vector vector, duckdb_type type, idx_t row) {
    const auto* validity = duckdb_vector_get_validity(vector);
    if (validity != nullptr && (validity[row / 64] >> (row % 64) & 1U) == 0U) return {};
    void* data = duckdb_vector_get_data(vector);
    switch (type) {
    case DUCKDB_TYPE_BIGINT: return static_cast<const std::int64_t*>(data)[row];
    case DUCKDB_TYPE_INTEGER: return std::int64_t{static_cast<const std::int32_t*>(data)[row]};
    case DUCKDB_TYPE_DOUBLE: return static_cast<const double*>(data)[row];
    case DUCKDB_TYPE_BOOLEAN: return static_cast<const bool*>(data)[row];
    case DUCKDB_TYPE_VARCHAR: {
        auto* words = static_cast<duckdb_string_t*>(data) + row;
        return std::string{duckdb_string_t_data(words), duckdb_string_t_length(*words)};
    }
    default: return {}; // no statement of ours asks for another type
    }
}

void take_chunk(duckdb_data_chunk chunk, duckdb_result& result, std::vector<Row>& rows) {
    const auto columns = duckdb_data_chunk_get_column_count(chunk);
    const auto count = duckdb_data_chunk_get_size(chunk);
    const auto first = rows.size();
    rows.resize(first + count, Row(columns));
    for (idx_t column = 0; column < columns; ++column) {
        const auto type = duckdb_column_type(&result, column);
        auto* vector = duckdb_data_chunk_get_vector(chunk, column);
        for (idx_t row = 0; row < count; ++row)
            rows[first + row][column] = cell_at(vector, type, row);
    }
}

} // namespace

std::string_view text(const Cell& cell) noexcept {
    const auto* words = std::get_if<std::string>(&cell);
    return words == nullptr ? std::string_view{} : std::string_view{*words};
}

std::int64_t number(const Cell& cell) noexcept {
    const auto* value = std::get_if<std::int64_t>(&cell);
    return value == nullptr ? 0 : *value;
}

namespace {

/// DuckDB makes a relative path absolute, and the parents of the state directory may be closed to
/// our user (root's home, say). Through this link the kernel starts at our current directory
/// without looking at them.
std::string reachable(const std::string& path) {
    return path.starts_with('/') ? path : "/proc/self/cwd/" + path;
}

} // namespace

Result<Database> Database::open(const DatabaseOptions& options) {
    Config config;
    config.set("threads", std::to_string(options.threads));
    config.set("memory_limit", fmt::format("{}B", options.memory_bytes));
    config.set("checkpoint_threshold", fmt::format("{}B", options.checkpoint_bytes));
    config.set("storage_compatibility_version", "latest");
    config.set("temp_directory", reachable(options.spill_directory));
    config.set("max_temp_directory_size", fmt::format("{}B", options.spill_bytes));
    config.set("preserve_insertion_order", "true");
    config.set("autoinstall_known_extensions", "false");
    config.set("autoload_known_extensions", "false");
    if (!config.wrong.empty()) return fail(Fault::refused, config.wrong);
    auto handle = std::make_shared<Handle>();
    char* error = nullptr;
    const auto path = reachable(options.path);
    if (duckdb_open_ext(path.c_str(), &handle->database, config.config, &error) == DuckDBError) {
        std::string words = error == nullptr ? "DuckDB does not open" : error;
        duckdb_free(error);
        return fail(Fault::refused, std::move(words));
    }
    Database database{std::move(handle)};
    TRY(auto connection, database.connect());
    // In this order: the last one makes the others final.
    for (const auto* sql : {"SET enable_external_access = false", "SET lock_configuration = true"})
        if (auto set = connection.run(sql); !set) return std::unexpected{set.error()};
    return database;
}

Result<Connection> Database::connect() const {
    auto handle = std::make_unique<Connection::Handle>();
    handle->database = handle_;
    if (duckdb_connect(handle_->database, &handle->connection) == DuckDBError)
        return fail(Fault::refused, "DuckDB gives no connection");
    return Connection{std::move(handle)};
}

Connection::Connection(std::unique_ptr<Handle> handle) : handle_{std::move(handle)} {}

Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;

void Connection::interrupt() noexcept {
    duckdb_interrupt(handle_->connection);
}

Result<std::vector<Row>> Connection::query(std::string_view sql,
                                           std::span<const Parameter> parameters) {
    auto& statements = handle_->statements;
    auto found = statements.find(std::string{sql});
    if (found == statements.end()) {
        if (statements.size() >= prepared_max) {
            duckdb_destroy_prepare(&statements.begin()->second);
            statements.erase(statements.begin());
        }
        duckdb_prepared_statement made = nullptr;
        const auto state = duckdb_prepare(handle_->connection, std::string{sql}.c_str(), &made);
        if (state == DuckDBError) {
            const char* words = duckdb_prepare_error(made);
            std::string why = words == nullptr ? "statement" : words;
            duckdb_destroy_prepare(&made);
            const auto fault = why.contains("invalidated") ? Fault::reset
                               : why.contains("Interrupted") || why.contains("INTERRUPT")
                                   ? Fault::timed_out
                                   : Fault::refused;
            return fail(fault, std::move(why));
        }
        found = statements.emplace(sql, made).first;
    }
    duckdb_prepared_statement statement = found->second;
    for (std::size_t i = 0; i < parameters.size(); ++i)
        if (bind(statement, i + 1, parameters[i]) == DuckDBError)
            return fail(Fault::refused, fmt::format("parameter {} does not bind", i + 1));
    ResultHandle held;
    if (duckdb_execute_prepared(statement, &held.result) == DuckDBError) {
        const auto fault = fault_of(duckdb_result_error_type(&held.result));
        const char* words = duckdb_result_error(&held.result);
        return fail(fault, words == nullptr ? "no result" : words);
    }
    std::vector<Row> rows;
    while (duckdb_data_chunk chunk = duckdb_fetch_chunk(held.result)) {
        take_chunk(chunk, held.result, rows);
        duckdb_destroy_data_chunk(&chunk);
    }
    return rows;
}

Result<void> Connection::run(std::string_view sql, std::span<const Parameter> parameters) {
    auto rows = query(sql, parameters);
    if (!rows) return std::unexpected{std::move(rows).error()};
    return {};
}

Result<Appender> Connection::append_to(const char* table) {
    auto handle = std::make_unique<Appender::Handle>();
    if (duckdb_appender_create(handle_->connection, nullptr, table, &handle->appender) ==
        DuckDBError)
        return fail(Fault::refused, fmt::format("no appender for {}", table));
    return Appender{std::move(handle)};
}

Appender::Appender(std::unique_ptr<Handle> handle) : handle_{std::move(handle)} {}

Appender::~Appender() = default;
Appender::Appender(Appender&&) noexcept = default;

void Appender::add(std::string_view words) {
    handle_->good &= duckdb_append_varchar_length(handle_->appender, words.data(), words.size()) ==
                     DuckDBSuccess;
}

void Appender::add(std::int64_t value) {
    handle_->good &= duckdb_append_int64(handle_->appender, value) == DuckDBSuccess;
}

void Appender::add(const Cell& cell) {
    if (const auto* words = std::get_if<std::string>(&cell)) return add(std::string_view{*words});
    if (const auto* value = std::get_if<std::int64_t>(&cell)) return add(*value);
    if (const auto* flag = std::get_if<bool>(&cell))
        handle_->good &= duckdb_append_bool(handle_->appender, *flag) == DuckDBSuccess;
    else if (const auto* real = std::get_if<double>(&cell))
        handle_->good &= duckdb_append_double(handle_->appender, *real) == DuckDBSuccess;
    else
        handle_->good &= duckdb_append_null(handle_->appender) == DuckDBSuccess;
}

void Appender::end_row() {
    handle_->good &= duckdb_appender_end_row(handle_->appender) == DuckDBSuccess;
}

Result<void> Appender::finish() {
    if (handle_->good && duckdb_appender_close(handle_->appender) == DuckDBSuccess) return {};
    duckdb_error_data error = duckdb_appender_error_data(handle_->appender);
    const char* words = duckdb_error_data_message(error);
    auto failed = fail(fault_of(duckdb_error_data_error_type(error)),
                       words == nullptr ? "rows were not taken" : words);
    duckdb_destroy_error_data(&error);
    return failed;
}

} // namespace skep::hub::store
